// What a task is to do, and what came of it.
import { copy } from "../../clipboard.js";
import { fill, h } from "../../dom.js";
import { words } from "../../format.js";
import { icon } from "../../icons.js";

/** The error or the output; nothing before there is one. */
export class ResultCard {
  constructor() {
    this.element = h("section", { class: "card result-card", hidden: true });
  }

  update(task) {
    const text = JSON.stringify([task.output, task.error, task.reason, task.status]);
    if (text === this.text) return;
    this.text = text;
    const parts = [];
    if (task.error && task.status !== "succeeded") {
      parts.push(h("header", { class: "card-header" }, h("h2", {}, task.status === "dead" ? "Error" : "Newest error",
        h("span", { class: "card-note" }, [task.error.class, task.reason ? words(task.reason).toLowerCase() : null].filter(Boolean).join(" · ")))),
      h("pre", { class: "code is-error" }, task.error.message || "The agent said no more."));
    }
    if (task.output !== null && task.output !== undefined) parts.push(json("Output", task.output));
    this.element.hidden = parts.length === 0;
    fill(this.element, parts);
  }
}

/** What the task's agent is given; never changes. */
export class InputCard {
  constructor(task) {
    this.element = h("section", { class: "card result-card" }, json("Input", task.input));
  }

  update() {}
}

function json(title, value) {
  const text = JSON.stringify(value, null, 2);
  return [
    h("header", { class: "card-header" }, h("h2", {}, title),
      h("button", { type: "button", class: "icon-button", title: `Copy the ${title.toLowerCase()}`, "aria-label": `Copy the ${title.toLowerCase()}`,
        onclick: () => copy(text, `The ${title.toLowerCase()}`) }, icon("copy"))),
    h("pre", { class: "code" }, text),
  ];
}
