// A project as a row of the list.
import { h } from "../../dom.js";
import { dayOf, parseTime, words } from "../../format.js";
import { icon } from "../../icons.js";
import { projectBadge } from "../../parts.js";
import { person } from "../../people.js";
import { address } from "../../router.js";
import { may } from "../../session.js";
import { timeElement } from "../../time-element.js";

const tagsMax = 4;

export const head = ["Project", "Status", "Type", "Priority", "Owner", "Due", "Changed"];

/** `onedit` and `ondelete` are called with the project. */
export function projectRow(project, { onedit, ondelete }) {
  const actions = [
    may("projects.write") ? action("edit", `Edit ${project.name}`, () => onedit(project)) : null,
    may("projects.delete") ? action("trash", `Delete ${project.name}`, () => ondelete(project)) : null,
  ];
  const blank = (value) => value ? "" : "is-blank";
  return h("tr", { "data-status": project.status },
    h("th", { scope: "row", class: "project-cell" },
      h("a", { href: address(["projects", project.id]) }, project.name), tags(project.tags ?? [])),
    h("td", { "data-label": "Status" }, projectBadge(project.status)),
    h("td", { "data-label": "Type" }, words(project.type)),
    h("td", { "data-label": "Priority" }, priority(project.priority)),
    h("td", { "data-label": "Owner", class: `owner-cell ${blank(project.owner)}` }, person(project.owner)),
    h("td", { "data-label": "Due", class: blank(project.due_at) }, due(project)),
    h("td", { "data-label": "Changed" }, timeElement(project.updated_at)),
    h("td", { class: "row-actions" }, actions));
}

function tags(all) {
  if (all.length === 0) return null;
  return h("ul", { class: "tags", "aria-label": "Tags" }, all.slice(0, tagsMax).map((tag) => h("li", {}, tag)),
    all.length > tagsMax ? h("li", { title: all.slice(tagsMax).join(", ") }, `+${all.length - tagsMax}`) : null);
}

function action(image, text, onclick) {
  return h("button", { type: "button", class: "icon-button", title: text, "aria-label": text, "data-action": image, onclick }, icon(image));
}

function priority(value) {
  const meter = h("span", { class: "meter", "aria-hidden": "true" }, h("span"));
  meter.firstElementChild.style.width = `${value * 10}%`;
  return h("span", { class: "priority", title: `Priority ${value} of 10` }, meter, String(value));
}

function due({ due_at: text, status }) {
  const date = parseTime(text);
  if (!date) return "–";
  const isLate = date < new Date() && status !== "completed" && status !== "cancelled";
  return h("time", { datetime: text, title: date.toLocaleString("en-GB"), class: isLate ? "is-late" : "" },
    dayOf(date), isLate ? " (late)" : "");
}
