// The list of projects; its filters are in the address.
import { fill, h } from "../dom.js";
import { count, dayOf, parseTime, words } from "../format.js";
import { icon } from "../icons.js";
import { emptyState, fault, loading, pageHeader, projectBadge, segments } from "../parts.js";
import { listProjects, readProject, statuses, types } from "../projects.js";
import { address, currentRoute, replaceQuery } from "../router.js";
import { may, personName } from "../session.js";
import { timeElement } from "../time-element.js";
import { confirmDeletion } from "./project-deletion.js";
import { openProjectForm } from "./project-form.js";
import { toast } from "../toast.js";

const limit = 50;
const searchDelay = 250;
const sorts = [
  ["-updated_at", "Last changed"], ["-created_at", "Newest"], ["name", "Name"], ["-priority", "Priority"], ["due_at", "Due"],
];
const sortDefault = "-updated_at";

export function show(content, { query, signal }) {
  return new ProjectList(content, query, signal);
}

class ProjectList {
  constructor(content, query, signal) {
    this.signal = signal;
    this.items = [];
    this.request = 0;
    this.search = h("input", {
      type: "search", id: "project-search", placeholder: "Search projects", "aria-label": "Search projects",
      "data-shortcut": "search", maxlength: "200", oninput: () => this.searchSoon(),
    });
    this.filter = h("div", { class: "scroll-x" });
    this.type = this.selector("Type", [["", "Every type"], ...types.map((type) => [type, words(type)])], "type");
    this.sort = this.selector("Order", sorts, "sort");
    this.results = h("div", { class: "card flush" });
    this.more = h("div", { class: "more-row" });
    this.note = h("p", { class: "muted small", role: "status", "aria-live": "polite" });
    const create = may("projects.write")
      ? h("button", { type: "button", class: "button primary", "data-shortcut": "new", onclick: () => this.create() },
        icon("plus"), "New project")
      : null;
    fill(content,
      pageHeader("Projects", create),
      h("div", { class: "toolbar" },
        h("div", { class: "search" }, icon("search"), this.search), this.type, this.sort),
      this.filter, this.results, this.more, this.note);
    this.update(query);
  }

  selector(label, options, name) {
    return h("select", {
      "aria-label": label,
      onchange: (event) => this.change({ [name]: name === "sort" && event.target.value === sortDefault ? "" : event.target.value }),
    }, options.map(([value, text]) => h("option", { value }, text)));
  }

  /** Takes the filters of the address, and loads the first page. */
  update(query) {
    this.state = {
      status: statuses.includes(query.get("status")) ? query.get("status") : "",
      type: types.includes(query.get("type")) ? query.get("type") : "",
      sort: sorts.some(([value]) => value === query.get("sort")) ? query.get("sort") : "",
      q: query.get("q") ?? "",
    };
    if (document.activeElement !== this.search) this.search.value = this.state.q;
    this.type.value = this.state.type;
    this.sort.value = this.state.sort || sortDefault;
    const hadFocus = this.filter.contains(document.activeElement);
    fill(this.filter, segments({
      label: "Status",
      options: [["", "All"], ...statuses.map((status) => [status, words(status)])],
      value: this.state.status,
      onchange: (status) => this.change({ status }),
    }));
    if (hadFocus) this.filter.querySelector("[aria-pressed='true']").focus();
    this.load();
  }

  change(part) {
    replaceQuery({ ...this.state, ...part });
    this.update(currentRoute().query);
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.signal.aborted) this.change({ q: this.search.value.trim() });
    }, searchDelay);
  }

  async load(cursor = null) {
    this.request += 1;
    const { request } = this;
    this.results.setAttribute("aria-busy", "true");
    if (this.items.length === 0) fill(this.results, loading());
    try {
      const page = await listProjects({ ...this.state, sort: this.state.sort || sortDefault, limit, cursor }, this.signal);
      if (request !== this.request || this.signal.aborted) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.cursor = page.next_cursor;
      this.draw();
    } catch (error) {
      if (request !== this.request || this.signal.aborted) return;
      this.items = [];
      fill(this.results, fault(error, () => this.load()));
      fill(this.more);
    } finally {
      if (request === this.request) this.results.removeAttribute("aria-busy");
    }
  }

  draw() {
    fill(this.results, this.items.length === 0 ? this.empty() : this.table());
    fill(this.more, this.cursor
      ? h("button", { type: "button", class: "button", onclick: () => this.load(this.cursor) }, "Show more")
      : null);
    this.note.textContent = this.items.length === 0 ? ""
      : `${count(this.items.length, "project")}${this.cursor ? " shown, there are more" : ""}`;
  }

  empty() {
    if (this.state.q || this.state.status || this.state.type) {
      return emptyState("No project matches", "Try other words, or look at all of them.",
        h("a", { class: "button", href: "#/projects" }, "Clear the filters"));
    }
    return emptyState("No projects yet", "A project holds a goal, what would count as success, and the work towards it.",
      may("projects.write")
        ? h("button", { type: "button", class: "button primary", onclick: () => this.create() }, icon("plus"), "New project")
        : null);
  }

  table() {
    const head = ["Project", "Status", "Type", "Priority", "Owner", "Due", "Changed"];
    return h("table", { class: "table projects-table" },
      h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")))),
      h("tbody", {}, this.items.map((project) => this.row(project))));
  }

  row(project) {
    const actions = [
      may("projects.write") ? action("edit", `Edit ${project.name}`, () => this.edit(project)) : null,
      may("projects.delete") ? action("trash", `Delete ${project.name}`, () => this.remove(project)) : null,
    ];
    return h("tr", {},
      h("th", { scope: "row", class: "project-cell" },
        h("a", { href: address(["projects", project.id]) }, project.name),
        project.tags?.length ? h("ul", { class: "tags" }, project.tags.slice(0, 4).map((tag) => h("li", {}, tag)),
          project.tags.length > 4 ? h("li", {}, `+${project.tags.length - 4}`) : null) : null),
      h("td", { "data-label": "Status" }, projectBadge(project.status)),
      h("td", { "data-label": "Type" }, words(project.type)),
      h("td", { "data-label": "Priority" }, priority(project.priority)),
      h("td", { "data-label": "Owner", class: project.owner ? "" : "is-blank", title: project.owner }, personName(project.owner)),
      h("td", { "data-label": "Due", class: project.due_at ? "" : "is-blank" }, due(project)),
      h("td", { "data-label": "Changed" }, timeElement(project.updated_at)),
      h("td", { class: "row-actions" }, actions));
  }

  create() {
    openProjectForm({
      onsaved: (project) => {
        toast(`${project.name} was created.`);
        this.load();
      },
    });
  }

  async edit({ id }) {
    await this.withPresent(id, ({ project, tag }) => openProjectForm({
      project,
      tag,
      onsaved: (saved) => {
        toast(`${saved.name} was saved.`);
        this.load();
      },
    }));
  }

  async remove({ id }) {
    await this.withPresent(id, ({ project, tag }) => confirmDeletion(project, tag, () => {
      toast(`${project.name} was deleted.`);
      this.load();
    }));
  }

  /** Works on the project as it is now, not as the list has it. */
  async withPresent(id, work) {
    try {
      const present = await readProject(id, this.signal);
      if (!this.signal.aborted) work(present);
    } catch (error) {
      if (this.signal.aborted) return;
      toast(error.message, "fault");
      if (error.status === 404) this.load();
    }
  }
}

function action(image, text, onclick) {
  return h("button", { type: "button", class: "icon-button", title: text, "aria-label": text, onclick }, icon(image));
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
