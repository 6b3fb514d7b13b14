// What a task depends on, and what depends on it.
import { fillKeepingFocus, h } from "../../dom.js";
import { icon } from "../../icons.js";
import { may } from "../../session.js";
import { namedLink } from "../../names.js";
import { card } from "../../parts.js";
import { taskAddress } from "../../tasks.js";
import { taskBadge } from "../tasks/state.js";
import { openDependencyForm } from "./dependency-form.js";

const shownMax = 12;
/** What has not begun may depend on further tasks. */
const unstarted = new Set(["waiting", "awaiting_approval", "queued", "paused"]);
const needs = { success: "must succeed", failure: "must fail", always: "must end" };
const starts = { success: "when this succeeds", failure: "when this fails", always: "when this ends" };

export class RelationsCard {
  /** `onadded` is called after a dependency was added. */
  constructor(onadded) {
    this.place = h("div", {});
    this.add = may("tasks.write")
      ? h("button", { type: "button", class: "button small", onclick: () => openDependencyForm(this.task, onadded) }, icon("plus"), "Add")
      : null;
    this.element = card({ class: "relations", hidden: true }, "Dependencies", this.add, this.place);
  }

  update(task, { graph }) {
    this.task = task;
    const canGrow = this.add !== null && unstarted.has(task.status);
    if (this.add) this.add.hidden = !canGrow;
    const names = new Map((graph?.nodes ?? []).map((node) => [node.id, node]));
    const before = task.dependencies.map(({ task_id: id, condition, status }) => ({ id, status, note: needs[condition] }));
    const after = (graph?.edges ?? []).filter((edge) => edge.depends_on === task.id)
      .map(({ task_id: id, condition }) => ({ id, status: names.get(id)?.status, note: starts[condition] }));
    const text = JSON.stringify([before, after, canGrow, graph?.complete, before.map(({ id }) => names.get(id)?.name)]);
    if (text === this.text) return;
    this.text = text;
    this.element.hidden = before.length + after.length === 0 && !canGrow;
    const isPartial = graph !== null && !graph.complete;
    fillKeepingFocus(this.place,
      before.length + after.length === 0 ? h("p", { class: "muted small pad" }, "It depends on no other task.") : null,
      group("Depends on", before, names, task.id), group("Needed by", after, names, task.id, isPartial));
  }
}

function group(title, items, names, id, isPartial = false) {
  if (items.length === 0) return null;
  const shown = items.slice(0, shownMax);
  const rest = items.length - shown.length;
  return [
    h("h3", { class: "relations-title" }, title, h("span", { class: "card-note" }, `${items.length}${isPartial ? " or more" : ""}`)),
    h("ul", { class: "relations-list" }, shown.map((item) => h("li", {}, link(item.id, names.get(item.id)),
      h("span", { class: "muted small" }, item.note), item.status ? taskBadge(item.status) : null))),
    rest > 0 ? h("p", { class: "small relations-more" }, h("a", { href: taskAddress(id, "graph") }, `${rest} more in the graph`)) : null,
  ];
}

function link(id, node) {
  if (node?.deleted) return h("span", { class: "relations-name muted" }, `${node.name} (deleted)`);
  return node ? h("a", { class: "relations-name", href: taskAddress(id), "data-key": `relation-${id}` }, node.name)
    : namedLink("tasks", id, { class: "relations-name", "data-key": `relation-${id}` });
}
