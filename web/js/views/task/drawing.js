// Tasks and their dependencies as an SVG: nodes are links, in the order of their layers, and arrow keys go from one to the next.
import { h } from "../../dom.js";
import { layout } from "../../graph-layout.js";
import { iconPaths } from "../../icons.js";
import { taskAddress } from "../../tasks.js";
import { signOf, toneOf } from "../tasks/state.js";

const namespace = "http://www.w3.org/2000/svg";
const width = 210;
const height = 58;
const gapX = 64;
const gapY = 18;
const margin = 20;
const textLeft = 38;
const zooms = [0.4, 0.55, 0.75, 1, 1.3];
const conditionTexts = { success: "", failure: " (when it fails)", always: " (when it ends)" };

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export class TaskDrawing {
  constructor(id) {
    this.id = id;
    this.zoom = zooms.indexOf(1);
    this.canvas = svg("svg", { class: "graph", role: "group", "aria-label": "Tasks and their dependencies" });
    this.pane = h("div", { class: "graph-pane", tabindex: "-1" }, this.canvas);
    const zoom = (step, text, sign) => h("button", { type: "button", class: "button small", "aria-label": text, title: text, onclick: () => this.zoomBy(step) }, sign);
    this.element = h("div", { class: "graph-frame" }, this.pane,
      h("div", { class: "graph-zoom", role: "group", "aria-label": "Size" }, zoom(-1, "Smaller", "−"), zoom(1, "Larger", "+")));
    this.pane.addEventListener("pointerdown", (event) => this.drag(event));
    this.canvas.addEventListener("keydown", (event) => this.onkey(event));
  }

  show(graph) {
    const text = JSON.stringify(graph);
    if (text === this.text) return;
    this.text = text;
    const shape = JSON.stringify([graph.nodes.map(({ id }) => id), graph.edges]);
    const isNew = shape !== this.shape;
    this.shape = shape;
    this.graph = graph;
    // What depends stands to the right of what it depends on.
    if (isNew) this.plan = layout(graph.nodes.map(({ id }) => id), graph.edges.map((edge) => [edge.depends_on, edge.task_id]));
    const focused = document.activeElement?.dataset?.node;
    this.draw();
    if (focused) this.nodes.get(focused)?.focus({ preventScroll: true });
    if (isNew) this.centre();
  }

  draw() {
    const { plan, graph } = this;
    this.size = [2 * margin + plan.layers * (width + gapX) - gapX, 2 * margin + plan.rows * (height + gapY) - gapY];
    this.canvas.setAttribute("viewBox", `0 0 ${this.size.join(" ")}`);
    this.resize();
    const conditions = new Map(graph.edges.map((edge) => [`${edge.depends_on}>${edge.task_id}`, edge.condition]));
    const lines = plan.routes.map(({ from, to, points }) => svg("path", {
      class: `graph-edge ${from === this.id || to === this.id ? "is-near" : ""} ${conditions.get(`${from}>${to}`) === "success" ? "" : "is-conditional"}`,
      d: curve(points), "marker-end": `url(#graph-arrow${from === this.id || to === this.id ? "-near" : ""})`,
    }));
    this.nodes = new Map(graph.nodes.map((node) => [node.id, this.node(node)]));
    const inOrder = [...graph.nodes].sort((a, b) => {
      const [one, other] = [plan.places.get(a.id), plan.places.get(b.id)];
      return one.layer - other.layer || one.row - other.row;
    });
    this.canvas.replaceChildren(
      svg("defs", {}, arrow("graph-arrow"), arrow("graph-arrow-near")),
      svg("g", { "aria-hidden": "true" }, ...lines), ...inOrder.map(({ id }) => this.nodes.get(id)));
  }

  node({ id, name, kind, status, deleted }) {
    const { layer, row } = this.plan.places.get(id);
    const [x, y] = [left(layer), top(row)];
    const lines = twoLines(name, width - textLeft - 10);
    const first = height / 2 + 4 - lines.length * 7.5;
    const element = svg(deleted ? "g" : "a", {
      class: `graph-node tone-${toneOf(status)} ${id === this.id ? "is-self" : ""} ${deleted ? "is-deleted" : ""}`,
      ...(deleted ? { tabindex: "0", role: "img" } : { href: taskAddress(id) }),
      transform: `translate(${x} ${y})`, "aria-label": this.describe(id, name, status, deleted),
      ...(id === this.id ? { "aria-current": "true" } : {}),
    },
    svg("title", {}, `${name} (${kind}): ${deleted ? "deleted, was " : ""}${status}`),
    svg("rect", { width, height, rx: 9 }),
    svg("g", { class: "graph-sign", transform: `translate(10 ${height / 2 - 10}) scale(0.8333)` }, ...iconPaths(signOf(status)).map((d) => svg("path", { d }))),
    ...lines.map((line, index) => svg("text", { x: textLeft, y: first + index * 15, class: "graph-name" }, line)),
    svg("text", { x: textLeft, y: first + lines.length * 15, class: "graph-status" }, [status, deleted ? "deleted" : "", id === this.id ? "this task" : ""].filter(Boolean).join(" · ")));
    element.dataset.node = id;
    return element;
  }

  describe(id, name, status, deleted) {
    const names = new Map(this.graph.nodes.map((node) => [node.id, node.name]));
    const before = this.graph.edges.filter((edge) => edge.task_id === id)
      .map((edge) => `${names.get(edge.depends_on)}${conditionTexts[edge.condition]}`);
    return `${name}, ${status}${deleted ? ", deleted" : ""}${before.length > 0 ? `, depends on ${before.join(", ")}` : ""}`;
  }

  resize() {
    const scale = zooms[this.zoom];
    this.canvas.setAttribute("width", String(Math.round(this.size[0] * scale)));
    this.canvas.setAttribute("height", String(Math.round(this.size[1] * scale)));
  }

  zoomBy(step) {
    const next = Math.min(Math.max(this.zoom + step, 0), zooms.length - 1);
    if (next === this.zoom) return;
    const { pane } = this;
    const ratio = zooms[next] / zooms[this.zoom];
    const [x, y] = [pane.scrollLeft + pane.clientWidth / 2, pane.scrollTop + pane.clientHeight / 2];
    this.zoom = next;
    this.resize();
    pane.scrollTo(x * ratio - pane.clientWidth / 2, y * ratio - pane.clientHeight / 2);
  }

  /** Has the task itself in the middle. */
  centre() {
    const place = this.plan.places.get(this.id);
    if (!place) return;
    const scale = zooms[this.zoom];
    this.pane.scrollTo((left(place.layer) + width / 2) * scale - this.pane.clientWidth / 2, (top(place.row) + height / 2) * scale - this.pane.clientHeight / 2);
  }

  /** With a mouse the empty ground can be pulled; a finger scrolls by itself. */
  drag(event) {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    const { pane } = this;
    const start = [event.clientX + pane.scrollLeft, event.clientY + pane.scrollTop];
    const move = (moved) => pane.scrollTo(start[0] - moved.clientX, start[1] - moved.clientY);
    const end = () => {
      pane.classList.remove("is-pulled");
      pane.removeEventListener("pointermove", move);
    };
    pane.classList.add("is-pulled");
    pane.setPointerCapture(event.pointerId);
    pane.addEventListener("pointermove", move);
    pane.addEventListener("pointerup", end, { once: true });
    pane.addEventListener("pointercancel", end, { once: true });
  }

  onkey(event) {
    const id = event.target.closest("[data-node]")?.dataset.node;
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!id || !way) return;
    event.preventDefault();
    const next = this.neighbour(id, way);
    if (!next) return;
    const node = this.nodes.get(next);
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Up and down within a layer; right and left along a line where there is one, otherwise to the nearest of the next layer. */
  neighbour(id, [across, along]) {
    const { places } = this.plan;
    const { layer, row } = places.get(id);
    const beside = new Set(this.graph.edges.flatMap((edge) => across > 0 && edge.depends_on === id ? [edge.task_id]
      : across < 0 && edge.task_id === id ? [edge.depends_on] : []));
    const candidates = [...places].filter(([other, place]) => other !== id && (along !== 0
      ? place.layer === layer && Math.sign(place.row - row) === along
      : beside.size > 0 ? beside.has(other) : place.layer === layer + across));
    const distance = (place) => Math.abs(place.layer - layer) * 1000 + Math.abs(place.row - row);
    return candidates.sort(([, a], [, b]) => distance(a) - distance(b))[0]?.[0] ?? null;
  }
}

/** An arrow's head, in the colour of its class. */
function arrow(name) {
  return svg("marker", { id: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
    svg("path", { d: "M0 0L8 4L0 8z", class: name }));
}

let measure = null;

/** How wide a text will be drawn. */
function widthOf(text) {
  if (!measure) {
    measure = document.createElement("canvas").getContext("2d");
    measure.font = `560 12.5px ${getComputedStyle(document.documentElement).getPropertyValue("--sans")}`;
  }
  return measure.measureText(text).width;
}

/** The longest beginning of a text that fits, with a mark where something is missing. */
function fitting(text, space) {
  if (widthOf(text) <= space) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (widthOf(`${letters.slice(0, middle).join("")}…`) <= space) low = middle;
    else high = middle;
  }
  return `${letters.slice(0, low).join("")}…`;
}

/** A name in one or two lines, broken between words where it can be. */
function twoLines(text, space) {
  if (widthOf(text) <= space) return [text];
  const words = text.split(" ");
  let count = 1;
  while (count < words.length && widthOf(words.slice(0, count + 1).join(" ")) <= space) count += 1;
  const rest = words.slice(count).join(" ");
  const head = words.slice(0, count).join(" ");
  return rest ? [fitting(head, space), fitting(rest, space)] : [fitting(head, space)];
}

const left = (layer) => margin + layer * (width + gapX);
const top = (row) => margin + row * (height + gapY);

/** From the right edge of one node to the left edge of another, by the places between. */
function curve(points) {
  const [start, ...rest] = points;
  let [x, y] = [left(start.layer) + width, top(start.row) + height / 2];
  let text = `M${x} ${y}`;
  rest.forEach((point, index) => {
    const isLast = index === rest.length - 1;
    const [toX, toY] = [left(point.layer), top(point.row) + height / 2];
    const middle = (x + toX) / 2;
    text += `C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
    // Straight through the place that the line has in a layer it only passes.
    if (!isLast) text += `H${toX + width}`;
    [x, y] = [isLast ? toX : toX + width, toY];
  });
  return text;
}
