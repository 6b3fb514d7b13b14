// A task as a row of a list.
import { h } from "../../dom.js";
import { namedLink } from "../../names.js";
import { person } from "../../people.js";
import { taskAddress } from "../../tasks.js";
import { agentAddress } from "../../agents.js";
import { timeElement } from "../../time-element.js";
import { taskBadge } from "./state.js";

export const head = ["Task", "Status", "Project", "Priority", "Attempt", "Agent", "Changed"];

/** `without` names columns that say nothing where the row stands, such as the project on a project's page. */
export function taskRow(task, without = []) {
  const blank = (value) => value ? "" : "is-blank";
  const cells = [
    h("th", { scope: "row", class: "task-cell" },
      h("a", { href: taskAddress(task.id), "data-key": `task-${task.id}` }, task.name),
      h("span", { class: "task-kind" }, h("span", { class: "mini mono" }, task.kind), errorNote(task))),
    h("td", { "data-label": "Status" }, taskBadge(task.status)),
    h("td", { "data-label": "Project", class: "owner-cell" }, namedLink("projects", task.project_id, { class: "quiet" })),
    h("td", { "data-label": "Priority", class: "numeric" }, String(task.priority)),
    h("td", { "data-label": "Attempt", class: `numeric ${blank(task.attempt)}` }, attemptText(task)),
    h("td", { "data-label": "Agent", class: `owner-cell ${blank(task.agent_id)}` }, agentLink(task.agent_id)),
    h("td", { "data-label": "Changed" }, timeElement(task.updated_at)),
  ];
  return h("tr", { "data-status": task.status }, cells.filter((_, index) => !without.includes(head[index])));
}

export function agentLink(id) {
  return id ? h("a", { href: agentAddress(id), class: "quiet" }, person(id)) : h("span", { class: "muted" }, "–");
}

/** "2 of 3": the newest attempt, and how many the retry policy allows. */
export function attemptText({ attempt, retry }) {
  return attempt === 0 ? "–" : `${attempt} of ${Math.max(attempt, retry.attempts_max)}`;
}

function errorNote({ error, status }) {
  if (!error || status === "succeeded") return null;
  return h("span", { class: "task-error mono", title: error.message || error.class }, error.class);
}

export function tasksTable(body, without = []) {
  return h("table", { class: "table tasks-table" },
    h("thead", {}, h("tr", {}, head.filter((name) => !without.includes(name)).map((name) =>
      h("th", { scope: "col", class: name === "Priority" || name === "Attempt" ? "numeric" : null }, name)))),
    body);
}
