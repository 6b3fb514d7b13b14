// A task's status in words, colour and sign, the same wherever it is shown.
import { h } from "../../dom.js";
import { words } from "../../format.js";
import { icon } from "../../icons.js";

const looks = {
  waiting: ["neutral", "waiting"],
  awaiting_approval: ["warn", "approval"],
  paused: ["neutral", "pause"],
  queued: ["accent", "queued"],
  running: ["run", "play"],
  succeeded: ["good", "check"],
  dead: ["bad", "cross"],
  cancelled: ["neutral", "cancelled"],
  skipped: ["neutral", "skipped"],
};

/** The name of the status's colour: `tone-…`. */
export const toneOf = (status) => looks[status]?.[0] ?? "neutral";
/** The name of the status's sign among the icons. */
export const signOf = (status) => looks[status]?.[1] ?? "queued";

export function taskBadge(status, text = words(status)) {
  return h("span", { class: `badge task-badge tone-${toneOf(status)}`, "data-status": status }, icon(signOf(status)), text);
}

/** How an attempt ended, or that it goes on. */
export function outcomeBadge(outcome) {
  if (!outcome) return taskBadge("running");
  if (outcome === "succeeded") return taskBadge("succeeded");
  if (outcome === "cancelled") return taskBadge("cancelled");
  return taskBadge("dead", words(outcome));
}

/** How far an attempt is, as its agent says: a bar with the percentage beside it. */
export function progressBar(fraction, label) {
  const percent = Math.round(fraction * 100);
  const bar = h("div", {
    class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(percent),
  }, h("span"));
  bar.firstElementChild.style.width = `${percent}%`;
  return h("div", { class: "progress-row" }, bar, h("span", { class: "progress-value" }, `${percent} %`));
}
