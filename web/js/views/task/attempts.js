// The attempts at a task, the newest first.
import { fillKeepingFocus, h } from "../../dom.js";
import { parseTime, seconds } from "../../format.js";
import { card } from "../../parts.js";
import { timeElement } from "../../time-element.js";
import { agentLink } from "../tasks/row.js";
import { outcomeBadge } from "../tasks/state.js";

export class AttemptsCard {
  constructor() {
    this.place = h("div", {});
    this.note = h("span", { class: "card-note" });
    this.element = card({ class: "flush attempts-card", hidden: true }, ["Attempts", this.note], null, this.place);
  }

  update(task) {
    // The heartbeat alone moves every few seconds, and is told with the progress.
    const text = JSON.stringify(task.attempts.map(({ heartbeat_at: _, ...attempt }) => attempt));
    this.element.hidden = task.attempts.length === 0;
    if (text === this.text) return;
    this.text = text;
    this.note.textContent = `${task.failures} of ${task.retry.attempts_max} failed`;
    const newest = [...task.attempts].reverse();
    fillKeepingFocus(this.place, h("table", { class: "table attempts-table" },
      h("thead", {}, h("tr", {}, ["#", "Outcome", "Agent", "Started", "Took", "Error"].map((name) =>
        h("th", { scope: "col", class: name === "Took" ? "numeric" : null }, name)))),
      h("tbody", {}, newest.map(row))));
  }
}

function row(attempt) {
  return h("tr", {},
    h("th", { scope: "row" }, String(attempt.number)),
    h("td", {}, outcomeBadge(attempt.outcome)),
    h("td", { class: "owner-cell" }, agentLink(attempt.agent_id)),
    h("td", { "data-label": "Started" }, timeElement(attempt.started_at)),
    h("td", { "data-label": "Took", class: "numeric" }, durationOf(attempt)),
    h("td", { class: `attempt-error ${attempt.error ? "" : "is-blank"}` }, attempt.error
      ? [h("span", { class: "mono" }, attempt.error.class), attempt.error.message ? h("p", { class: "small muted" }, attempt.error.message) : null]
      : "–"));
}

/** How long an attempt took; a dash while it goes on. */
export function durationOf({ started_at: start, ended_at: end }) {
  const [from, to] = [parseTime(start), parseTime(end)];
  return from && to ? seconds(Math.max(0, to - from) / 1000) : "–";
}
