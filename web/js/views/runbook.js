// What to do about an alert: the runbook of a component, at the section of the alert that leads here.
import { fill, h } from "../dom.js";
import { send } from "../api.js";
import { icon } from "../icons.js";
import { markdown } from "../markdown.js";
import { emptyState, fault, loading } from "../parts.js";

/** The address of a runbook's section in this page. */
const place = (name) => `${location.origin}${location.pathname}#/runbooks/${name}`;

export function show(content, { id: name, section, signal }) {
  const body = h("section", { class: "card" }, loading());
  const heading = h("h1", { tabindex: "-1" }, "Runbook");
  fill(content, h("a", { href: "#/alerts", class: "back" }, icon("back"), "Alerts"),
    h("header", { class: "page-header" }, heading), body);
  load();

  async function load() {
    try {
      const { body: text } = await send("GET", `runbooks/${encodeURIComponent(name)}.md`, { signal });
      if (signal.aborted) return;
      document.title = `Runbook ${name} · KaskManager`;
      const [title, ...rest] = text.split("\n");
      heading.textContent = title.replace(/^#\s*/, "");
      fill(body, markdown(withLinks(rest.join("\n"))));
      goTo(section);
    } catch (error) {
      if (signal.aborted) return;
      fill(body, error.status === 404
        ? emptyState("There is no such runbook", "The rule's file has no folder runbooks beside it, or not this file in it.")
        : fault(error, load));
    }
  }

  /** The heading that an alert's name stands in, as a link's fragment has it: in small letters. */
  function goTo(wanted) {
    if (!wanted) return;
    const found = [...body.querySelectorAll("h3, h4, h5, h6")].find((element) => element.textContent.toLowerCase() === wanted);
    if (!found) return;
    found.classList.add("sought");
    found.tabIndex = -1;
    found.focus({ preventScroll: true });
    found.scrollIntoView({ block: "start" });
  }
}

/** Links between files become links between pages; a rule file is named; lines broken for a file's width are joined. */
function withLinks(text) {
  return text
    .replace(/([^\n])\n(?=[^\n#>*`|\d-])/g, "$1 ")
    .replace(/\]\(([a-z_]+)\.md(?:#[a-z]+)?\)/g, (_, name) => `](${place(name)})`)
    .replace(/\[([^\]]+)\]\(\.\.\/[^)]+\)/g, "`$1`");
}
