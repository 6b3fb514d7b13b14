// What a task is: its fields.
import { h } from "../../dom.js";
import { absoluteTime, parseTime, span } from "../../format.js";
import { namedLink } from "../../names.js";
import { person } from "../../people.js";
import { card } from "../../parts.js";
import { timeElement } from "../../time-element.js";
import { agentLink, attemptText } from "../tasks/row.js";

export function factCards(task) {
  const { retry, timeouts } = task;
  const isBegun = task.attempt > 0;
  const details = [
    ["Project", namedLink("projects", task.project_id)],
    ["Kind", h("code", {}, task.kind)],
    ["Priority", `${task.priority} of 10`],
    ["Attempt", isBegun ? attemptText(task) : null],
    ["Agent", task.agent_id ? agentLink(task.agent_id) : null],
    ["Lease until", task.lease_deadline ? timeElement(task.lease_deadline) : null],
    ["Capabilities", task.capabilities.length ? h("ul", { class: "tags is-end" }, task.capabilities.map((name) => h("li", {}, name))) : null],
    ["Unique key", task.unique_key],
    ["Not before", isBegun || task.ended_at ? null : runAt(task.run_at)],
    ["Created", [timeElement(task.created_at), " by ", person(task.created_by)]],
    ["Ended", task.ended_at ? timeElement(task.ended_at) : null],
    ["Version", String(task.version)],
    ["Identifier", h("code", { class: "identifier" }, task.id)],
  ];
  const rules = [
    ["Attempts", String(retry.attempts_max)],
    ["Waits", retry.attempts_max === 1 ? null : retry.factor === 1 ? span(retry.first_delay_seconds)
      : `${span(retry.first_delay_seconds)} to ${span(retry.delay_seconds_max)}, × ${retry.factor}`],
    ["Not retried", retry.non_retryable.length ? retry.non_retryable.join(", ") : null],
    ["Until it begins", limit(timeouts.schedule_to_start_seconds)],
    ["One attempt", limit(timeouts.start_to_close_seconds)],
    ["Sign of life", `every ${span(timeouts.heartbeat_seconds)}`],
    ["In all", limit(timeouts.total_seconds)],
  ];
  return [facts("Details", details), facts("Retries and time-outs", rules)];
}

const limit = (seconds) => seconds === null ? null : `at most ${span(seconds)}`;

function runAt(text) {
  const date = parseTime(text);
  return date && date > new Date() ? h("span", { title: absoluteTime(date) }, timeElement(date)) : null;
}

export function facts(title, rows) {
  return card({}, title, null, h("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}
