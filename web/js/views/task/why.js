// Why a task is where it is, in sentences.
import { fillKeepingFocus, h } from "../../dom.js";
import { words } from "../../format.js";
import { namedLink } from "../../names.js";
import { person } from "../../people.js";
import { card } from "../../parts.js";
import { agentAddress } from "../../agents.js";

const identifier = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const reasonsMax = 20;

export class WhyCard {
  constructor() {
    this.list = h("ul", { class: "reasons" });
    this.element = card({ class: "why-card" }, "Why", null, this.list);
  }

  update(task, { why }) {
    const text = JSON.stringify(why);
    if (text === this.text) return;
    this.text = text;
    const shown = why.reasons.slice(0, reasonsMax);
    fillKeepingFocus(this.list,
      shown.map((reason) => h("li", { "data-kind": reason.kind },
        h("span", { class: "mini" }, words(reason.kind)), h("p", {}, sentence(reason)))),
      why.reasons.length > shown.length ? h("li", { class: "muted small" }, `and ${why.reasons.length - shown.length} more`) : null);
  }
}

/** The reason with names in the place of identifiers. */
function sentence({ detail, task_id: taskID }) {
  const parts = [];
  let end = 0;
  for (const match of detail.matchAll(identifier)) {
    parts.push(detail.slice(end, match.index));
    const before = detail.slice(0, match.index).trimEnd().toLowerCase();
    const [id] = match;
    if (id === taskID || before.endsWith("task")) parts.push(namedLink("tasks", id, { "data-key": `why-${id}` }));
    else if (before.endsWith("agent")) parts.push(h("a", { href: agentAddress(id), "data-key": `why-${id}` }, person(id)));
    else parts.push(person(id));
    end = match.index + id.length;
  }
  parts.push(detail.slice(end));
  // A reason may begin with a word of the API, such as attempts_exhausted.
  const first = parts[0].replace(/^[a-z]+(?:_[a-z]+)+/, (word) => word.replaceAll("_", " "));
  parts[0] = first.charAt(0).toUpperCase() + first.slice(1);
  return [...parts, /[.!?]$/.test(detail) ? "" : "."];
}
