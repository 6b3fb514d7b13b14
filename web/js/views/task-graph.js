// The tasks that are connected with one, drawn by their dependencies.
import { fill, h } from "../dom.js";
import { count, words } from "../format.js";
import { icon } from "../icons.js";
import { emptyState, fault, loading } from "../parts.js";
import { poll } from "../poll.js";
import { readGraph, readTask, statuses, taskAddress } from "../tasks.js";
import { TaskDrawing } from "./task/drawing.js";
import { signOf, toneOf } from "./tasks/state.js";

const interval = 5000;
/** More nodes are hard to read, and slow to draw. */
const nodesMax = 200;

export function show(content, { id, signal }) {
  return new GraphView(content, id, signal);
}

class GraphView {
  constructor(content, id, signal) {
    this.id = id;
    this.signal = signal;
    this.heading = h("h1", { tabindex: "-1" }, "Graph");
    this.back = h("a", { href: taskAddress(id), class: "back" }, icon("back"), "Task");
    this.note = h("p", { class: "muted small", role: "status" });
    this.place = h("div", { class: "card flush graph-card" }, loading());
    this.drawing = new TaskDrawing(id);
    fill(content, this.back, h("header", { class: "page-header" }, this.heading, this.note), this.place, legend());
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  /** The graph as it is now; also for whoever hears that tasks changed. */
  async refresh() {
    try {
      const [graph, name] = await Promise.all([
        readGraph(this.id, nodesMax, this.signal), this.name ?? readTask(this.id, this.signal).then(({ task }) => task.name),
      ]);
      if (this.signal.aborted) return;
      this.name = name;
      this.heading.textContent = name;
      document.title = `${name}: graph · KaskManager`;
      this.note.textContent = graph.complete ? `${count(graph.nodes.length, "task")} connected`
        : `The nearest ${count(graph.nodes.length, "task")} are drawn: more are connected.`;
      if (!this.drawing.element.isConnected) fill(this.place, this.drawing.element);
      this.drawing.show(graph);
    } catch (error) {
      if (this.signal.aborted) return;
      if (error.status === 404) fill(this.place, emptyState("This task is not there", "It was deleted, or the address is wrong."));
      else if (!this.drawing.element.isConnected) fill(this.place, fault(error, () => this.poller.now()));
    }
  }
}

function legend() {
  return h("ul", { class: "graph-legend", "aria-label": "Signs" },
    statuses.map((status) => h("li", { class: `graph-key tone-${toneOf(status)}` }, icon(signOf(status)), words(status))),
    h("li", { class: "muted" }, "Dashed lines: on failure, or on any end"));
}
