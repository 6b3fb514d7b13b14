// What happened lately, from the event log.
import { get, UnreachableError } from "../../api.js";
import { fillKeepingFocus, h } from "../../dom.js";
import { words } from "../../format.js";
import { card, emptyState, fault, loading } from "../../parts.js";
import { address } from "../../router.js";
import { currentUser, personName } from "../../session.js";
import { timeElement } from "../../time-element.js";

const limit = 100;
const shownMax = 9;

const sentences = {
  "project.status_changed": "Project status changed",
  "task.status_changed": "Task status changed",
  "proposal.decided": "Proposal decided",
  "agent.status_changed": "Agent status changed",
  "agent.token_rotated": "Agent token rotated",
  "user.password_changed": "Password changed",
  "user.login": "Signed in",
  "user.login_failed": "Sign-in failed",
  "user.locked_out": "Locked out after failed sign-ins",
  "user.logout": "Signed out",
  "session.reuse_detected": "A session token was used twice",
  "component.health_changed": "Component health changed",
};
const bad = new Set(["user.login_failed", "user.locked_out", "session.reuse_detected", "alert.fired", "task.failed"]);

export class ActivityCard {
  constructor() {
    this.list = h("div", {}, loading());
    this.element = card({}, "Recent activity", null, this.list);
  }

  async refresh(signal) {
    try {
      const { items } = await get(`/api/v1/activities?limit=${limit}`, { signal });
      fillKeepingFocus(this.list, items.length === 0
        ? emptyState("Nothing yet", "What people, agents and the platform do appears here.")
        : h("ol", { class: "activity" }, runs(items).slice(0, shownMax).map((run) => activity(run, items.length === limit && run.isLast))));
    } catch (error) {
      if (signal.aborted) return;
      const isEmpty = this.list.querySelector(".loading") !== null;
      if (isEmpty || !(error instanceof UnreachableError)) fillKeepingFocus(this.list, fault(error));
    }
  }
}

/** Hundreds of guessed passwords, or of changes to one thing, are one line: what else happened must not scroll away. */
function runs(events) {
  const found = [];
  for (const event of events) {
    const subject = bad.has(event.kind) ? "" : event.subject_id;
    const key = [event.kind, JSON.stringify(event.actor), subject, JSON.stringify([event.data?.from, event.data?.to])].join(" ");
    if (found.at(-1)?.key === key) found.at(-1).times += 1;
    else found.push({ key, event, times: 1 });
  }
  if (found.length > 0) found.at(-1).isLast = true;
  return found;
}

function activity({ event, times }, hasMore) {
  const data = event.data ?? {};
  const name = times > 1 && bad.has(event.kind) ? null : data.name ?? data.alertname ?? data.component ?? data.username ?? null;
  const subject = event.subject_type === "project" && event.subject_id && event.kind !== "project.deleted"
    ? h("a", { href: address(["projects", event.subject_id]) }, name ?? "this project")
    : name;
  const change = data.from && data.to ? `${data.from} → ${data.to}` : null;
  return h("li", { class: bad.has(event.kind) ? "activity-item is-bad" : "activity-item" },
    h("span", { class: "activity-dot", "aria-hidden": "true" }),
    h("p", {}, sentences[event.kind] ?? words(event.kind), subject ? [": ", subject] : null,
      change ? h("span", { class: "muted" }, ` ${change}`) : null,
      times > 1 ? h("span", { class: "mini times" }, `${times}${hasMore ? " or more" : ""} times`) : null,
      h("span", { class: "muted small activity-meta" }, who(event.actor), " · ", timeElement(event.occurred_at))));
}

function who(actor) {
  const kind = typeof actor === "string" ? actor : actor?.kind ?? actor?.type;
  const id = typeof actor === "string" ? null : actor?.name ?? actor?.username ?? actor?.id;
  if (kind === "system" || kind === "anonymous" || !kind) return kind === "anonymous" ? "not signed in" : "platform";
  if (id && id === currentUser()?.id) return "you";
  return id ? `${kind} ${personName(id)}` : kind;
}
