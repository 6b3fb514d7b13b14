// An agent's status in words and colour, and its record.
import { h } from "../../dom.js";
import { count, percent } from "../../format.js";
import { badge } from "../../parts.js";

const tones = { online: "good", draining: "warn", quarantined: "warn", late: "warn", offline: "bad", stopped: "neutral", never_seen: "neutral" };

export const agentBadge = (status) => badge(status, tones[status] ?? "neutral");

/** { succeeded, failed }: of the newest attempts that ended, without those that a person cancelled. */
export function recordOf(work) {
  const { succeeded = 0, failed = 0, lease_expired: expired = 0, timed_out: timedOut = 0 } = work?.outcomes ?? {};
  return { succeeded, failed: failed + expired + timedOut };
}

/** A bar of two parts, with the figures beside it. */
export function recordBar(work) {
  const { succeeded, failed } = recordOf(work);
  const all = succeeded + failed;
  if (all === 0) return h("p", { class: "small muted" }, "No attempt has ended yet.");
  const bar = h("span", { class: "record-bar", "aria-hidden": "true" }, h("span", { class: "record-good" }), h("span", { class: "record-bad" }));
  bar.children[0].style.flexGrow = String(succeeded);
  bar.children[1].style.flexGrow = String(failed);
  return h("p", { class: "record small" }, bar,
    h("span", {}, `${percent(succeeded / all)} of ${count(all, "attempt")} succeeded`));
}

/** Running and limit, as a meter. */
export function loadMeter(running, concurrency) {
  const isFull = running >= concurrency;
  const meter = h("span", { class: `meter load-meter ${isFull ? "is-full" : ""}`, "aria-hidden": "true" }, h("span"));
  meter.firstElementChild.style.width = `${Math.min(100, (running / concurrency) * 100)}%`;
  return h("span", { class: "load" }, meter, `${running} of ${concurrency} running`);
}
