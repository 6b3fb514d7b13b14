// The tasks as a list: further pages come while one scrolls, and what changed is shown in its place.
import { fill, h } from "../../dom.js";
import { emptyState, fault, loading } from "../../parts.js";
import { listTasks } from "../../tasks.js";
import { sortDefault } from "./filters.js";
import { taskRow, tasksTable } from "./row.js";

const limit = 50;
/** How many rows are asked for anew at a time; a longer list only changes where it is. */
const limitMax = 200;
/** How far below the window the next page begins to load. */
const ahead = "800px";

export class TaskList {
  /** `without` names columns to leave out; `empty()` gives what stands in the place of no tasks. */
  constructor({ signal, without = [], empty, onchange = () => {} }) {
    this.signal = signal;
    this.without = without;
    this.empty = empty;
    this.onchange = onchange;
    this.rows = new Map();
    this.request = 0;
    this.cursor = null;
    this.body = h("tbody");
    this.results = h("div", { class: "card flush" }, loading());
    this.more = h("div", { class: "more-row" });
    this.element = h("div", { class: "task-list" }, this.results, this.more);
    this.observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.loadMore(), { rootMargin: ahead });
    signal.addEventListener("abort", () => this.observer.disconnect(), { once: true });
  }

  get count() { return this.rows.size; }
  get hasMore() { return this.cursor !== null; }

  /** Shows what the filters of a state admit, from the beginning, or as far as there were rows in the place to return to. */
  async show(state, place = null) {
    this.query = { ...state, sort: state.sort || sortDefault };
    this.rows.clear();
    this.cursor = null;
    this.isShown = false;
    this.isLoading = false;
    this.results.setAttribute("aria-busy", "true");
    await this.refresh(place?.count);
    if (!place || this.signal.aborted) return;
    window.scrollTo(0, place.top);
    this.rows.get(place.id)?.row.querySelector("a").focus({ preventScroll: true });
  }

  /** Asks for the rows that are shown, and changes what changed. */
  async refresh(count = this.rows.size) {
    // Rows that are just coming would be lost.
    if (this.isLoading) return;
    const page = await this.page(null, Math.min(Math.max(count, limit), limitMax));
    if (!page) return;
    if (this.rows.size > limitMax) this.renew(page.items);
    else this.replace(page);
    this.isShown = true;
    this.results.removeAttribute("aria-busy");
    this.onchange();
  }

  /** A page; null when another question came meanwhile, or when it failed and that is shown. */
  async page(cursor, size) {
    this.request += 1;
    const { request } = this;
    try {
      const page = await listTasks({ ...this.query, limit: size, cursor }, this.signal);
      return request === this.request && !this.signal.aborted ? page : null;
    } catch (error) {
      if (request !== this.request || this.signal.aborted) return null;
      this.fail(error, cursor);
      return null;
    }
  }

  fail(error, cursor) {
    if (cursor !== null) {
      this.observer.disconnect();
      fill(this.more, fault(error, () => {
        fill(this.more);
        this.loadMore();
      }));
    } else if (!this.isShown) {
      // What is shown already stays: the banner says that it is stale.
      this.results.removeAttribute("aria-busy");
      fill(this.results, fault(error, () => this.refresh()));
      fill(this.more);
    }
  }

  replace({ items, next_cursor: cursor }) {
    const wanted = new Set(items.map(({ id }) => id));
    for (const [id, { row }] of this.rows) {
      if (wanted.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    items.forEach((task, index) => {
      const row = this.put(task);
      if (this.body.children[index] !== row) this.body.insertBefore(row, this.body.children[index] ?? null);
    });
    // Rows of other filters, which stood there until now, are behind the new ones.
    while (this.body.children.length > items.length) this.body.lastElementChild.remove();
    this.cursor = cursor;
    if (this.rows.size === 0) fill(this.results, this.empty());
    else if (!this.body.isConnected) fill(this.results, tasksTable(this.body, this.without));
    this.drawMore();
  }

  /** The row of a task, drawn anew only when the task is another one by now. */
  put(task) {
    const text = JSON.stringify(task);
    const known = this.rows.get(task.id);
    if (known?.text === text) return known.row;
    const row = taskRow(task, this.without);
    const hasFocus = known?.row.contains(document.activeElement);
    known?.row.replaceWith(row);
    if (hasFocus) row.querySelector("a").focus({ preventScroll: true });
    this.rows.set(task.id, { row, text });
    return row;
  }

  renew(items) {
    for (const task of items) if (this.rows.has(task.id)) this.put(task);
  }

  async loadMore() {
    if (!this.cursor || this.isLoading) return;
    this.isLoading = true;
    const page = await this.page(this.cursor, limit);
    this.isLoading = false;
    if (!page) return;
    for (const task of page.items) {
      // What changed while one scrolled may come a second time.
      const isNew = !this.rows.has(task.id);
      const row = this.put(task);
      if (isNew) this.body.append(row);
    }
    this.cursor = page.next_cursor;
    this.drawMore();
    this.onchange();
  }

  drawMore() {
    this.observer.disconnect();
    if (!this.cursor) {
      fill(this.more);
      return;
    }
    if (!this.more.querySelector(".show-more")) {
      fill(this.more, h("button", { type: "button", class: "button show-more", onclick: () => this.loadMore() }, "Show more"));
    }
    // Observing anew tells at once when the end is still in sight.
    this.observer.observe(this.more);
  }
}

/** What stands in the place of no tasks: nothing matches the filters, or there are none at all. */
export function noTasks(hasFilters, create) {
  return hasFilters
    ? emptyState("No task matches", "Try other words, or look at all of them.", h("a", { class: "button", href: "#/tasks" }, "Clear the filters"))
    : emptyState("No tasks yet", "A task is a piece of a project's work that an agent does: a program to run, a request to send.", create);
}
