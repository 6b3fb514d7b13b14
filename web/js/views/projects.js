// The list of projects; its filters are in the address, and further pages come while one scrolls.
import { connection } from "../connection.js";
import { fill, fillKeepingFocus, h } from "../dom.js";
import { count, words } from "../format.js";
import { icon } from "../icons.js";
import { subscribe } from "../live.js";
import { amount, emptyState, fault, loading, pageHeader, segments } from "../parts.js";
import { poll } from "../poll.js";
import { listProjects, readProject, statuses, types } from "../projects.js";
import { currentRoute, replaceQuery } from "../router.js";
import { may } from "../session.js";
import { toast } from "../toast.js";
import { confirmDeletion } from "./project-deletion.js";
import { openProjectForm } from "./project-form.js";
import { countOf, countRows, projectCounts } from "./projects/counts.js";
import { leaveAt, returnTo } from "./projects/place.js";
import { head, projectRow } from "./projects/row.js";

const limit = 50;
const limitMax = 200;
const searchDelay = 250;
const countsInterval = 5000;
/** How far below the window the next page begins to load. */
const ahead = "800px";
const sorts = [
  ["-updated_at", "Last changed"], ["-created_at", "Newest"], ["name", "Name"], ["-priority", "Priority"], ["due_at", "Due"],
];
const sortDefault = "-updated_at";

export function show(content, { query, signal, from }) {
  return new ProjectList(content, query, signal, from);
}

class ProjectList {
  constructor(content, query, signal, from) {
    this.signal = signal;
    this.rows = new Map();
    this.request = 0;
    this.counts = null;
    this.search = h("input", {
      type: "search", id: "project-search", placeholder: "Search projects", "aria-label": "Search projects",
      "data-shortcut": "search", maxlength: "200", oninput: () => this.searchSoon(),
    });
    this.filter = h("div", { class: "scroll-x" });
    this.type = this.selector("Type", [["", "Every type"], ...types.map((type) => [type, words(type)])], "type");
    this.sort = this.selector("Order", sorts, "sort");
    this.body = h("tbody");
    this.results = h("div", { class: "card flush" });
    this.more = h("div", { class: "more-row" });
    this.note = h("p", { class: "muted small list-note", role: "status" });
    const create = may("projects.write")
      ? h("button", { type: "button", class: "button primary", "data-shortcut": "new", onclick: () => this.create() },
        icon("plus"), "New project")
      : null;
    fill(content,
      pageHeader("Projects", create),
      h("div", { class: "toolbar" },
        h("div", { class: "search" }, icon("search"), this.search), this.type, this.sort),
      h("div", { class: "filter-row" }, this.filter, this.note), this.results, this.more);
    this.observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.loadMore(), { rootMargin: ahead });
    signal.addEventListener("abort", () => {
      this.observer.disconnect();
      leaveAt(this.state, this.rows.size, window.scrollY);
    }, { once: true });
    this.update(query, from);
    connection.addEventListener("restored", () => this.tryAgain(), { signal });
    // By the clock: an event comes before the sample that counts it.
    if (may("metrics.query")) poll(() => this.refreshCounts(), countsInterval, signal);
    const end = subscribe(["projects"], (message) => this.happened(message));
    signal.addEventListener("abort", end, { once: true });
  }

  selector(label, options, name) {
    return h("select", {
      "aria-label": label,
      onchange: (event) => this.change({ [name]: name === "sort" && event.target.value === sortDefault ? "" : event.target.value }),
    }, options.map(([value, text]) => h("option", { value }, text)));
  }

  /** Takes the filters of the address, and loads the first page. */
  update(query, from = null) {
    this.state = {
      status: statuses.includes(query.get("status")) ? query.get("status") : "",
      type: types.includes(query.get("type")) ? query.get("type") : "",
      sort: sorts.some(([value]) => value === query.get("sort")) ? query.get("sort") : "",
      q: query.get("q") ?? "",
    };
    if (document.activeElement !== this.search) this.search.value = this.state.q;
    this.type.value = this.state.type;
    this.sort.value = this.state.sort || sortDefault;
    this.isLoaded = false;
    this.drawFilter();
    this.load(returnTo(this.state, from));
  }

  drawFilter() {
    const { status, type, q } = this.state;
    // The metric lags by seconds; a whole list does not.
    const isWhole = this.isLoaded && !this.cursor && !status && !type && !q;
    // There is no count of what a search finds, and that of everything would mislead.
    const counts = isWhole ? countRows(this.rows.values()) : type || q ? null : this.counts;
    const text = (name) => [name ? words(name) : "All", amount(countOf(counts, name))];
    fillKeepingFocus(this.filter, segments({
      label: "Status",
      options: ["", ...statuses].map((name) => [name, text(name)]),
      value: status,
      onchange: (name) => this.change({ status: name }),
    }));
  }

  async refreshCounts() {
    try {
      this.counts = await projectCounts(this.signal);
    } catch {
      // The counts are an extra: the list tells what is wrong.
      return;
    }
    if (this.signal.aborted) return;
    this.drawFilter();
    this.drawNote();
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

  /** Asks for a page; null when another question came meanwhile. */
  async page(cursor, size = limit) {
    this.request += 1;
    const { request } = this;
    this.isLoading = true;
    try {
      const page = await listProjects({ ...this.state, sort: this.state.sort || sortDefault, limit: size, cursor }, this.signal);
      return request === this.request && !this.signal.aborted ? page : null;
    } catch (error) {
      if (request !== this.request || this.signal.aborted) return null;
      throw error;
    } finally {
      if (request === this.request) this.isLoading = false;
    }
  }

  /** Loads the first page, or as many as there were in the place to return to. */
  async load(place = null) {
    this.results.setAttribute("aria-busy", "true");
    if (this.rows.size === 0) fill(this.results, loading());
    try {
      const page = await this.page(null);
      if (!page) return;
      this.rows.clear();
      fill(this.body);
      this.add(page);
      if (this.rows.size === 0) fill(this.results, this.empty());
      else if (!this.body.isConnected) fill(this.results, table(this.body));
      this.results.removeAttribute("aria-busy");
      if (place) await this.goBackTo(place);
    } catch (error) {
      this.rows.clear();
      this.cursor = null;
      fill(this.results, fault(error, () => this.load()));
      fill(this.more);
      this.results.removeAttribute("aria-busy");
    }
  }

  async goBackTo({ id, count: size, top }) {
    while (this.cursor && this.rows.size < size) {
      const page = await this.page(this.cursor, limitMax);
      if (!page) return;
      this.add(page);
    }
    window.scrollTo(0, top);
    this.rows.get(id)?.querySelector("a").focus({ preventScroll: true });
  }

  /** Presses the button for the reader when the server is back. */
  tryAgain() {
    for (const place of [this.results, this.more]) place.querySelector(".fault button")?.click();
  }

  async loadMore() {
    if (!this.cursor || this.isLoading) return;
    try {
      const page = await this.page(this.cursor);
      if (page) this.add(page);
    } catch (error) {
      this.observer.disconnect();
      fill(this.more, fault(error, () => {
        fill(this.more);
        this.loadMore();
      }));
    }
  }

  add({ items, next_cursor: cursor }) {
    for (const project of items) {
      // What changed while one scrolled may come a second time.
      this.rows.get(project.id)?.remove();
      const row = this.row(project);
      this.rows.set(project.id, row);
      this.body.append(row);
    }
    this.cursor = cursor;
    this.isLoaded = true;
    this.drawMore();
    this.drawNote();
    this.drawFilter();
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

  drawNote() {
    const shown = this.rows.size;
    const all = this.state.q || this.state.type ? null : countOf(this.counts, this.state.status);
    let text = count(shown, "project");
    if (this.cursor) text = all > shown ? `${shown.toLocaleString("en")} of ${count(all, "project")}` : `${text} shown, more below`;
    if (shown === 0) text = "";
    if (this.note.textContent !== text) this.note.textContent = text;
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

  row(project) {
    return projectRow(project, { onedit: (it) => this.edit(it), ondelete: (it) => this.remove(it) });
  }

  create() {
    openProjectForm({
      onsaved: (project) => {
        toast(`${project.name} was created.`);
        this.load();
      },
    });
  }

  /** Whoever edits a row far down the list stays there. */
  async edit({ id }) {
    await this.withPresent(id, ({ project, tag }) => openProjectForm({
      project,
      tag,
      onsaved: (saved) => {
        toast(`${saved.name} was saved.`);
        const row = this.row(saved);
        this.rows.get(id)?.replaceWith(row);
        this.rows.set(id, row);
        this.drawFilter();
        row.querySelector("[data-action='edit']")?.focus();
      },
    }));
  }

  async remove({ id }) {
    await this.withPresent(id, ({ project, tag }) => confirmDeletion(project, tag, () => {
      toast(`${project.name} was deleted.`);
      this.drop(id);
    }));
  }

  /** Somebody has changed a project: its row, if it is shown, shows it where it stands. */
  async happened({ type, data }) {
    const id = data?.subject_id;
    if (type === "gap" || type === "reset") {
      if (window.scrollY === 0 && !document.querySelector("dialog[open]")) this.load();
      return;
    }
    if (data.kind === "project.deleted") {
      const row = this.rows.get(id);
      if (!row || row.contains(document.activeElement)) return;
      row.remove();
      this.rows.delete(id);
      this.drawNote();
      this.drawFilter();
      return;
    }
    if (!this.rows.has(id)) {
      // Where a new one belongs is for the server to say; who reads further down is left alone.
      if (data.kind === "project.created" && this.isLoaded && window.scrollY === 0 && !document.querySelector("dialog[open]")) this.load();
      return;
    }
    try {
      const { project } = await readProject(id, this.signal);
      const old = this.rows.get(id);
      if (this.signal.aborted || !old || old.contains(document.activeElement)) return;
      const row = this.row(project);
      old.replaceWith(row);
      this.rows.set(id, row);
      this.drawFilter();
    } catch {
      // It is gone again, or the server is: the next event or the banner tells.
    }
  }

  drop(id) {
    const row = this.rows.get(id);
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    this.rows.delete(id);
    this.drawNote();
    this.drawFilter();
    if (this.rows.size === 0) this.load();
    // The dialog gives the focus back first, to a button that is gone.
    setTimeout(() => (neighbour?.querySelector("a") ?? this.search).focus({ preventScroll: true }));
  }

  /** Works on the project as it is now, not as the list has it. */
  async withPresent(id, work) {
    try {
      const present = await readProject(id, this.signal);
      if (!this.signal.aborted) work(present);
    } catch (error) {
      if (this.signal.aborted) return;
      toast(error.message, "fault");
      if (error.status === 404) this.drop(id);
    }
  }
}

function table(body) {
  return h("table", { class: "table projects-table" },
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)),
      h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")))),
    body);
}
