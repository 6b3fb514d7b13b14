// A field for Markdown that shows how it will look.
import { fill, h } from "../dom.js";
import { markdown } from "../markdown.js";
import { segments } from "../parts.js";

/** { tools, preview } for a textarea: buttons that switch, and the element that takes the textarea's place. */
export function markdownPreview(input, label) {
  const tools = h("div", { class: "preview-switch" });
  const preview = h("div", { class: "preview", tabindex: "0", role: "region", "aria-label": `Preview of ${label}`, hidden: true });

  function show(mode) {
    const isPreview = mode === "preview";
    if (isPreview) {
      preview.style.minHeight = `${input.offsetHeight}px`;
      fill(preview, input.value.trim() ? markdown(input.value) : h("p", { class: "muted" }, "There is nothing to show yet."));
    }
    input.hidden = isPreview;
    preview.hidden = !isPreview;
    draw(mode);
  }

  function draw(mode) {
    const hadFocus = tools.contains(document.activeElement);
    fill(tools, segments({ label: `${label}: write or preview`, options: [["write", "Write"], ["preview", "Preview"]], value: mode, onchange: show }));
    if (hadFocus) tools.querySelector("[aria-pressed='true']").focus();
  }

  draw("write");
  return { tools, preview };
}
