// Short messages that confirm what was done; screen readers hear them.
import { h } from "./dom.js";
import { icon } from "./icons.js";

const lifetime = 6000;

export function toast(text, kind = "success") {
  const region = document.getElementById("toasts");
  const remove = () => element.remove();
  const element = h("div", { class: `toast toast-${kind}` },
    icon(kind === "success" ? "check" : "warning"),
    h("span", {}, text),
    h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: remove }, icon("close")));
  region.append(element);
  while (region.children.length > 3) region.firstElementChild.remove();
  setTimeout(remove, lifetime);
}
