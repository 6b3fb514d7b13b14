// The tasks of a project, on its page.
import { fill, h } from "../../dom.js";
import { count } from "../../format.js";
import { emptyState, fault, loading } from "../../parts.js";
import { poll } from "../../poll.js";
import { address } from "../../router.js";
import { countTasks, listTasks, statuses, taskAddress } from "../../tasks.js";
import { toast } from "../../toast.js";
import { openTaskForm } from "../task-form.js";
import { createButton } from "../tasks.js";
import { taskRow, tasksTable } from "../tasks/row.js";
import { taskBadge } from "../tasks/state.js";

const interval = 5000;
const shownMax = 8;
const without = ["Project", "Priority", "Attempt"];

export class ProjectTasks {
  constructor(project, signal) {
    this.project = project;
    this.signal = signal;
    this.counts = h("div", { class: "task-counts" });
    this.place = h("div", {}, loading());
    this.element = h("section", { class: "card flush project-tasks" },
      h("header", { class: "card-header" }, h("h2", {}, "Tasks"), createButton(() => this.create(), "small")),
      this.counts, this.place);
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  /** The tasks as they are now; also for whoever hears that one changed. */
  async refresh() {
    try {
      const [page, counts] = await Promise.all([
        listTasks({ project: this.project, limit: shownMax, sort: "-updated_at" }, this.signal), countTasks({ project: this.project }, this.signal),
      ]);
      if (!this.signal.aborted) this.draw(page, counts);
    } catch (error) {
      // What is shown already stays: the banner says that it is stale.
      if (!this.signal.aborted && this.text === undefined) fill(this.place, fault(error, () => this.refresh()));
    }
  }

  draw({ items, next_cursor: cursor }, counts) {
    const text = JSON.stringify([items, counts && [...counts]]);
    if (text === this.text) return;
    this.text = text;
    fill(this.counts, statuses.filter((status) => counts?.get(status)).map((status) =>
      h("a", { href: address(["tasks"], { project: this.project, status }) }, taskBadge(status), h("span", { class: "amount" }, counts.get(status).toLocaleString("en")))));
    this.counts.hidden = this.counts.childElementCount === 0;
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    fill(this.place, items.length === 0 ? emptyState("No tasks yet", "What agents are to do for this project appears here.")
      : tasksTable(h("tbody", {}, items.map((task) => taskRow(task, without))), without),
    items.length > 0 ? h("p", { class: "small project-tasks-more" }, h("a", { href: address(["tasks"], { project: this.project }) },
      cursor ? "All tasks of this project" : count(items.length, "task")), " · ",
    h("a", { href: address(["tasks"], { project: this.project, view: "board" }) }, "Board")) : null);
    if (focused) this.place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  create() {
    openTaskForm({
      project: this.project,
      oncreated: (task) => {
        toast([h("a", { href: taskAddress(task.id) }, task.name), ` is ${task.status}.`]);
        this.poller.now();
      },
    });
  }
}
