// How far the attempt is that goes on now.
import { fill, h } from "../../dom.js";
import { progressBar } from "../tasks/state.js";
import { agentLink } from "../tasks/row.js";
import { timeElement } from "../../time-element.js";

export class ProgressCard {
  constructor() {
    this.element = h("section", { class: "card progress-card", "aria-label": "Progress", hidden: true });
  }

  update(task) {
    const attempt = task.status === "running" ? task.attempts.at(-1) : null;
    this.element.hidden = !attempt;
    if (!attempt) return;
    const text = JSON.stringify([attempt, task.lease_deadline]);
    if (text === this.text) return;
    this.text = text;
    fill(this.element,
      h("p", { class: "progress-head" },
        h("span", {}, attempt.message || `Attempt ${attempt.number} goes on.`),
        h("span", { class: "muted small" }, agentLink(attempt.agent_id), " · sign of life ", timeElement(attempt.heartbeat_at))),
      attempt.fraction === null
        ? h("div", { class: "progress is-unknown", role: "progressbar", "aria-label": "Progress is not said" }, h("span"))
        : progressBar(attempt.fraction, "Progress of the attempt"));
  }
}
