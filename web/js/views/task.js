// One task: where it stands and why, what its attempts did, and what can be done with it.
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, fault, loading } from "../parts.js";
import { poll } from "../poll.js";
import { isEnded, readGraph, readTask, readWhy, taskAddress } from "../tasks.js";
import { timeElement } from "../time-element.js";
import { taskActions } from "./task/actions.js";
import { ArtefactsCard } from "./task/artefacts.js";
import { AttemptsCard } from "./task/attempts.js";
import { factCards } from "./task/facts.js";
import { LogCard } from "./task/log.js";
import { MetricsCard } from "./task/metrics.js";
import { ProgressCard } from "./task/progress.js";
import { RelationsCard } from "./task/relations.js";
import { InputCard, ResultCard } from "./task/result.js";
import { WhyCard } from "./task/why.js";
import { tasksAddress } from "./tasks/place.js";
import { taskBadge } from "./tasks/state.js";

const interval = 3000;
/** A task that has ended changes only by a person. */
const intervalEnded = 15_000;
/** How many connected tasks are asked for: enough to name those beside this one. */
const neighboursMax = 200;

export function show(content, { id, signal }) {
  return new TaskView(content, id, signal);
}

class TaskView {
  constructor(content, id, signal) {
    this.id = id;
    this.signal = signal;
    this.heading = h("h1", { tabindex: "-1" }, "Task");
    this.state = h("p", { class: "task-state" });
    this.tools = h("div", { class: "page-tools" });
    this.place = h("div", {}, loading());
    fill(content,
      h("a", { href: tasksAddress(), class: "back" }, icon("back"), "Tasks"),
      h("header", { class: "page-header" }, h("div", { class: "task-title" }, this.heading, this.state), this.tools),
      this.place);
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  /** Everything as it is now; also for whoever hears that the task changed. */
  async refresh() {
    if (this.isEnded && Date.now() - this.readAt < intervalEnded) return;
    try {
      const [present, why, graph] = await Promise.all([
        readTask(this.id, this.signal), readWhy(this.id, this.signal), readGraph(this.id, neighboursMax, this.signal).catch(() => null),
      ]);
      if (this.signal.aborted) return;
      this.isEnded = isEnded(present.task.status);
      this.readAt = Date.now();
      this.draw(present, why, graph);
    } catch (error) {
      if (this.signal.aborted) return;
      this.fail(error);
    }
  }

  /** At once, whatever the poll would do. */
  again() {
    this.isEnded = false;
    return this.poller.now();
  }

  fail(error) {
    if (error.status === 404) {
      this.parts = null;
      fill(this.tools);
      fill(this.state);
      fill(this.place, emptyState("This task is not there", "It was deleted, or the address is wrong.",
        h("a", { class: "button", href: "#/tasks" }, "All tasks")));
    } else if (!this.parts) {
      // What is shown already stays: the banner says that it is stale.
      fill(this.place, fault(error, () => this.again()));
    }
  }

  draw({ task, tag }, why, graph) {
    this.parts ??= this.build(task);
    const text = JSON.stringify([task, tag]);
    if (text !== this.text) {
      this.text = text;
      this.heading.textContent = task.name;
      document.title = `${task.name} · KaskManager`;
      fill(this.state, taskBadge(task.status), h("span", { class: "muted small" }, " since ", timeElement(task.ended_at ?? task.updated_at)));
      const focused = this.tools.contains(document.activeElement);
      fill(this.tools, taskActions(task, tag, () => this.again()),
        h("a", { class: "button", href: taskAddress(task.id, "graph") }, icon("graph"), "Graph"));
      if (focused) this.heading.focus({ preventScroll: true });
      fill(this.facts, factCards(task));
    }
    for (const part of this.parts) part.update(task, { why, graph });
  }

  build(task) {
    const { signal } = this;
    const wide = [
      new ProgressCard(), new WhyCard(), new ResultCard(), new LogCard(task.id, signal), new MetricsCard(task.id, signal), new AttemptsCard(),
      new InputCard(task),
    ];
    const narrow = [new RelationsCard(() => this.again()), new ArtefactsCard(task.id, signal)];
    this.facts = h("div", { class: "column" });
    fill(this.place, h("div", { class: "columns detail" },
      h("div", { class: "column" }, wide.map((part) => part.element)),
      h("div", { class: "column" }, narrow.map((part) => part.element), this.facts)));
    return [...wide, ...narrow];
  }
}
