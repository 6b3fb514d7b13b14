// The tasks as a board: a column a state, each with its newest tasks.
import { fill, fillKeepingFocus, h } from "../../dom.js";
import { icon } from "../../icons.js";
import { namedLink } from "../../names.js";
import { amount, fault, loading } from "../../parts.js";
import { address } from "../../router.js";
import { listTasks, taskAddress } from "../../tasks.js";
import { timeElement } from "../../time-element.js";
import { agentLink, attemptText } from "./row.js";
import { signOf, taskBadge, toneOf } from "./state.js";

const cardsMax = 25;
/** [title, statuses, sort] */
const columns = [
  ["Waiting", ["waiting", "awaiting_approval", "paused"], "-updated_at"],
  ["Queued", ["queued"], "-priority"],
  ["Running", ["running"], "-updated_at"],
  ["Succeeded", ["succeeded"], "-updated_at"],
  ["Failed", ["dead"], "-updated_at"],
  ["Cancelled, skipped", ["cancelled", "skipped"], "-updated_at"],
];

export class TaskBoard {
  constructor({ signal }) {
    this.signal = signal;
    this.request = 0;
    this.columns = columns.map(([title, statuses, sort]) => new Column(title, statuses, sort));
    this.element = h("div", { class: "board", role: "group", "aria-label": "Tasks by state" }, this.columns.map((column) => column.element));
  }

  async show(state) {
    this.state = state;
    for (const column of this.columns) column.reset(state);
    await this.refresh();
  }

  async refresh() {
    this.request += 1;
    const { request } = this;
    await Promise.all(this.columns.map((column) => column.load(this.signal, () => request === this.request && !this.signal.aborted)));
  }

  showCounts(counts) {
    for (const column of this.columns) column.showCount(counts);
  }
}

class Column {
  constructor(title, statuses, sort) {
    this.statuses = statuses;
    this.sort = sort;
    this.wanted = statuses;
    this.count = h("span", {});
    this.list = h("ul", { class: "board-cards" });
    this.more = h("div", { class: "board-more" });
    this.element = h("section", { class: `board-column tone-edge-${toneOf(statuses[0])}`, "aria-label": title },
      h("h2", { class: "board-title" }, icon(signOf(statuses[0])), h("span", {}, title), this.count), this.list, this.more);
  }

  reset(state) {
    const { view, sort, status, ...filters } = state;
    const chosen = status.split(",").filter(Boolean);
    this.filters = filters;
    this.wanted = chosen.length === 0 ? this.statuses : this.statuses.filter((one) => chosen.includes(one));
    this.text = null;
    this.element.classList.toggle("is-left-out", this.wanted.length === 0);
    // The cards stay until others come.
    if (this.wanted.length === 0) fill(this.list);
    else if (!this.list.firstChild) fill(this.list, h("li", {}, loading()));
    fill(this.more);
  }

  async load(signal, isCurrent) {
    if (this.wanted.length === 0) return;
    try {
      const { items, next_cursor: cursor } = await listTasks({
        ...this.filters, status: this.wanted.join(","), sort: this.sort, limit: cardsMax,
      }, signal);
      if (isCurrent()) this.draw(items, cursor !== null);
    } catch (error) {
      if (isCurrent() && this.text === null) fill(this.list, h("li", {}, fault(error)));
    }
  }

  draw(items, hasMore) {
    const text = JSON.stringify(items);
    if (text === this.text) return;
    this.text = text;
    fillKeepingFocus(this.list, items.length === 0
      ? h("li", { class: "board-none" }, "None")
      : items.map((task) => h("li", {}, taskCard(task, this.statuses.length > 1))));
    fill(this.more, hasMore
      ? h("a", { href: address(["tasks"], { ...this.filters, status: this.wanted.join(",") }) }, `All ${this.element.getAttribute("aria-label").toLowerCase()}`)
      : null);
  }

  showCount(counts) {
    if (this.wanted.length === 0) fill(this.count);
    else fill(this.count, amount(counts ? this.wanted.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0) : null));
  }
}

function taskCard(task, showsStatus) {
  const isTried = task.attempt > 0 && task.status !== "succeeded";
  return h("article", { class: "task-card" },
    h("h3", {}, h("a", { href: taskAddress(task.id), "data-key": `card-${task.id}` }, task.name)),
    h("p", { class: "task-card-line" }, showsStatus ? taskBadge(task.status) : null, h("span", { class: "mini mono" }, task.kind),
      isTried ? h("span", { class: "task-card-mark muted", title: `Attempt ${attemptText(task)}` }, icon("retry"),
        `${task.attempt}/${Math.max(task.attempt, task.retry.attempts_max)}`) : null,
      task.error && task.status !== "succeeded" ? h("span", { class: "task-error mono", title: task.error.message }, task.error.class) : null),
    h("p", { class: "task-card-line muted" }, namedLink("projects", task.project_id, { class: "quiet", tabindex: "-1" })),
    task.agent_id ? h("p", { class: "task-card-line" }, icon("agents"), agentLink(task.agent_id)) : null,
    h("p", { class: "task-card-line muted" }, timeElement(task.updated_at),
      h("span", { class: "task-card-mark is-end", title: `Priority ${task.priority} of 10` }, `P${task.priority}`)));
}
