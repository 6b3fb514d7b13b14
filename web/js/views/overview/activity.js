// What happened lately, from the event log.
import { get, UnreachableError } from "../../api.js";
import { fillKeepingFocus, h } from "../../dom.js";
import { count, words } from "../../format.js";
import { card, emptyState, fault, loading } from "../../parts.js";
import { person } from "../../people.js";
import { address } from "../../router.js";
import { currentUser } from "../../session.js";
import { timeElement } from "../../time-element.js";

const limit = 100;
const shownMax = 9;

const sentences = {
  "project.status_changed": "Project status changed",
  "task.attempt_failed": "Task attempt failed",
  "task.dependency_added": "Task dependency added",
  "schedule.ran": "Schedule made a task",
  "schedule.skipped": "Schedule skipped a due time",
  "schedule.missed": "Schedule missed due times",
  "agent.status_changed": "Agent status changed",
  "agent.token_rotated": "Agent token rotated",
  "user.password_changed": "Password changed",
  "user.login": "Signed in",
  "user.login_failed": "Sign-in failed",
  "user.locked_out": "Locked out after failed sign-ins",
  "user.logout": "Signed out",
  "session.reuse_detected": "A session token was used twice",
  "alert.fired": "Alert fires",
  "alert.resolved": "Alert resolved",
  "component.health_changed": "Component health",
  "system.started": "Platform started",
  "system.stopped": "Platform stopped",
  "rules.loaded": "Rules loaded",
  "configuration.loaded": "Configuration loaded",
};
/** What has a page of its own. */
const pages = { project: "projects", task: "tasks", agent: "agents" };
/** Attempts against accounts: a run of them is one line, whoever they were against. */
const attempts = new Set(["user.login_failed", "user.locked_out", "session.reuse_detected"]);

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
    const subject = attempts.has(event.kind) ? "" : event.subject_id;
    // An alert's name stands for many alerts: only the same labels are the same alert.
    const key = [event.kind, JSON.stringify(event.actor), subject, JSON.stringify(event.data?.labels), JSON.stringify([event.data?.from, event.data?.to])].join(" ");
    if (found.at(-1)?.key === key) found.at(-1).times += 1;
    else found.push({ key, event, times: 1 });
  }
  if (found.length > 0) found.at(-1).isLast = true;
  return found;
}

function activity({ event, times }, hasMore) {
  const data = event.data ?? {};
  const name = times > 1 && attempts.has(event.kind) ? null : data.name ?? data.alertname ?? data.component ?? data.username ?? null;
  const page = pages[event.subject_type];
  const subject = page && event.subject_id && event.kind !== `${event.subject_type}.deleted`
    ? h("a", { href: address([page, event.subject_id]) }, name ?? `this ${event.subject_type}`)
    : name;
  const change = data.from && data.to && data.from !== data.to ? `${data.from} → ${data.to}` : null;
  const tone = toneOf(event.kind, data);
  return h("li", { class: tone ? `activity-item ${tone}` : "activity-item" },
    h("span", { class: "activity-dot", "aria-hidden": "true" }),
    h("p", {}, sentences[event.kind] ?? words(event.kind), subject ? [": ", subject] : null,
      change ? h("span", { class: "muted" }, ` ${change}`) : null,
      times > 1 ? h("span", { class: "mini times" }, `${times}${hasMore ? " or more" : ""} times`) : null,
      details(event.kind, data),
      h("span", { class: "muted small activity-meta" }, who(event.actor), " · ", timeElement(event.occurred_at))));
}

/** The colour of the dot, which only underlines what the words say. */
function toneOf(kind, data) {
  if (attempts.has(kind) || kind === "alert.fired") return "is-bad";
  if (kind === "alert.resolved") return "is-good";
  if (kind !== "component.health_changed") return null;
  return { healthy: "is-good", degraded: "is-warn", unhealthy: "is-bad" }[data.to] ?? null;
}

/** A line below the sentence, of what the platform says of itself; text, never markup. */
function details(kind, data) {
  const line = (detailsOf[kind]?.(data) ?? []).filter((part) => typeof part === "string" && part !== "").join(" · ");
  return line === "" ? null : h("span", { class: "muted small activity-meta" }, line);
}

const detailsOf = {
  "alert.fired": (data) => [data.summary ?? labelText(data.labels)],
  "alert.resolved": (data) => [data.summary ?? labelText(data.labels)],
  "component.health_changed": (data) => [data.reason, data.error],
  "system.started": (data) => [data.version && `version ${data.version}`],
  "rules.loaded": (data) => [Number.isInteger(data.rules) && Number.isInteger(data.groups)
    ? `${count(data.rules, "rule")} in ${count(data.groups, "group")}` : null, shortHash(data.sha256)],
  "configuration.loaded": (data) => [data.file, shortHash(data.sha256)],
};

const labelText = (labels) => Object.entries(labels ?? {}).filter(([name]) => name !== "alertname")
  .map(([name, value]) => `${name}=${value}`).join(", ");
const shortHash = (hash) => typeof hash === "string" ? `SHA-256 ${hash.slice(0, 12)}…` : null;

function who(actor) {
  const kind = typeof actor === "string" ? actor : actor?.kind ?? actor?.type;
  const id = typeof actor === "string" ? null : actor?.name ?? actor?.username ?? actor?.id;
  if (kind === "system" || kind === "anonymous" || !kind) return kind === "anonymous" ? "not signed in" : "platform";
  if (id && id === currentUser()?.id) return "you";
  return id ? [`${kind} `, person(id)] : kind;
}
