// The tasks: a list or a board, whose filters are in the address.
import { fill, fillKeepingFocus, h } from "../dom.js";
import { count, words } from "../format.js";
import { icon } from "../icons.js";
import { amount, pageHeader, segments } from "../parts.js";
import { poll } from "../poll.js";
import { currentRoute, replaceQuery } from "../router.js";
import { may } from "../session.js";
import { countTasks, statuses, taskAddress } from "../tasks.js";
import { toast } from "../toast.js";
import { openTaskForm } from "./task-form.js";
import { TaskBoard } from "./tasks/board.js";
import { FilterBar, isFiltered, readState } from "./tasks/filters.js";
import { noTasks, TaskList } from "./tasks/list.js";
import { leaveAt, returnTo } from "./tasks/place.js";

const interval = 5000;

export function show(content, { query, signal, from }) {
  return new TasksView(content, query, signal, from);
}

class TasksView {
  constructor(content, query, signal, from) {
    this.signal = signal;
    this.counts = null;
    this.bar = new FilterBar({ signal, onchange: (part) => this.change(part) });
    this.filter = h("div", { class: "scroll-x" });
    this.note = h("p", { class: "muted small list-note", role: "status" });
    this.views = h("div");
    this.place = h("div", { class: "task-place" });
    fill(content,
      pageHeader("Tasks", this.views, createButton(() => this.create())),
      this.bar.element,
      h("div", { class: "filter-row" }, this.filter, this.note), this.place);
    signal.addEventListener("abort", () => leaveAt(this.state, this.shown.count ?? 0, window.scrollY), { once: true });
    this.update(query, from);
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  /** Takes the filters of the address. */
  update(query, from = null) {
    const before = this.state;
    this.state = readState(query);
    this.bar.show(this.state);
    if (before?.view !== this.state.view) this.makeView();
    this.counts = null;
    this.drawControls();
    this.shown.show(this.state, returnTo(this.state, from));
    this.refreshCounts();
  }

  change(part) {
    replaceQuery({ ...this.state, ...part });
    this.update(currentRoute().query);
  }

  makeView() {
    const { signal } = this;
    this.shown = this.state.view === "board" ? new TaskBoard({ signal }) : new TaskList({
      signal,
      empty: () => noTasks(isFiltered(this.state), createButton(() => this.create())),
      onchange: () => this.drawNote(),
    });
    fill(this.place, this.shown.element);
  }

  /** What is shown, as it is now; also for whoever hears that tasks changed. */
  async refresh() {
    // The first look is under way already.
    if (!this.isFresh) {
      this.isFresh = true;
      return;
    }
    await Promise.all([this.shown.refresh(), this.refreshCounts()]);
  }

  async refreshCounts() {
    const { state } = this;
    try {
      const counts = await countTasks(state, this.signal);
      if (this.signal.aborted || state !== this.state) return;
      this.counts = counts;
    } catch {
      // The counts are an extra: the list tells what is wrong.
      return;
    }
    this.drawControls();
  }

  drawControls() {
    const { counts, state } = this;
    const all = counts ? [...counts.values()].reduce((sum, value) => sum + value, 0) : null;
    fillKeepingFocus(this.views, segments({
      label: "View",
      options: [["", [icon("list"), "List"]], ["board", [icon("board"), "Board"]]],
      value: state.view,
      onchange: (view) => this.change({ view }),
    }));
    fillKeepingFocus(this.filter, segments({
      label: "Status",
      options: [["", ["All", amount(all)]], ...statuses.map((status) => [status, [words(status), amount(counts ? counts.get(status) ?? 0 : null)]])],
      value: state.status,
      onchange: (status) => this.change({ status }),
    }));
    this.shown.showCounts?.(counts);
    this.drawNote();
  }

  drawNote() {
    let text = "";
    if (this.shown instanceof TaskList && this.shown.count > 0) {
      const of = this.state.status ? this.state.status.split(",") : statuses;
      const all = this.counts ? of.reduce((sum, status) => sum + (this.counts.get(status) ?? 0), 0) : null;
      text = count(this.shown.count, "task");
      if (this.shown.hasMore) text = all > this.shown.count ? `${this.shown.count.toLocaleString("en")} of ${count(all, "task")}` : `${text} shown, more below`;
    }
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  create() {
    openTaskForm({
      project: this.state.project,
      oncreated: (task) => {
        toast([h("a", { href: taskAddress(task.id) }, task.name), ` is ${task.status}.`]);
        this.poller.now();
      },
    });
  }
}

/** The button that makes a task, for those who may. */
export function createButton(onclick, look = "primary") {
  return may("tasks.write")
    ? h("button", { type: "button", class: `button ${look}`, "data-shortcut": "new", onclick }, icon("plus"), "New task")
    : null;
}
