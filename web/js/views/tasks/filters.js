// The filters of the tasks: what the address says, and the fields that change it.
import { h } from "../../dom.js";
import { icon } from "../../icons.js";
import { nameOf, shortID } from "../../names.js";
import { picker } from "../../picker.js";
import { statuses } from "../../tasks.js";
import { findAgents, findProjects } from "./offers.js";

const pause = 250;
export const sorts = [["-created_at", "Newest"], ["-updated_at", "Last changed"], ["-priority", "Priority"], ["created_at", "Oldest"]];
export const sortDefault = "-created_at";

/** What the address says; what it cannot mean counts as left out. */
export function readState(query) {
  const wanted = (query.get("status") ?? "").split(",").filter((status) => statuses.includes(status));
  return {
    view: query.get("view") === "board" ? "board" : "",
    status: wanted.join(","),
    kind: query.get("kind") ?? "",
    project: query.get("project") ?? "",
    agent: query.get("agent") ?? "",
    q: query.get("q") ?? "",
    sort: sorts.some(([value]) => value === query.get("sort")) ? query.get("sort") : "",
  };
}

export const isFiltered = ({ status, kind, project, agent, q }) => Boolean(status || kind || project || agent || q);

/** The row of fields: { element, search, show(state) }; `onchange` is called with what changed. */
export class FilterBar {
  constructor({ signal, onchange }) {
    const soon = (name) => {
      let timer = null;
      return (event) => {
        const { target } = event;
        clearTimeout(timer);
        timer = setTimeout(() => signal.aborted || onchange({ [name]: target.value.trim() }), pause);
      };
    };
    this.search = h("input", {
      type: "search", id: "task-search", placeholder: "Search tasks", "aria-label": "Search tasks", "data-shortcut": "search",
      maxlength: "200", oninput: soon("q"),
    });
    this.kind = h("input", {
      type: "search", id: "task-kind", placeholder: "Every kind", "aria-label": "Kind", maxlength: "50", autocapitalize: "none",
      autocomplete: "off", spellcheck: "false", oninput: soon("kind"),
    });
    this.project = picker({
      label: "Project", placeholder: "Every project", find: findProjects, onchange: (project) => onchange({ project }),
      input: h("input", { type: "search", id: "task-project", "aria-label": "Project" }),
    });
    this.agent = picker({
      label: "Agent at work", placeholder: "Every agent", find: findAgents, onchange: (agent) => onchange({ agent }),
      input: h("input", { type: "search", id: "task-agent", "aria-label": "Agent at work" }),
    });
    this.sort = h("select", {
      "aria-label": "Order", onchange: (event) => onchange({ sort: event.target.value === sortDefault ? "" : event.target.value }),
    }, sorts.map(([value, text]) => h("option", { value }, text)));
    this.element = h("div", { class: "toolbar task-toolbar" },
      h("div", { class: "search" }, icon("search"), this.search), this.project.element, this.kind, this.agent.element, this.sort);
  }

  show(state) {
    if (document.activeElement !== this.search) this.search.value = state.q;
    if (document.activeElement !== this.kind) this.kind.value = state.kind;
    this.sort.value = state.sort || sortDefault;
    this.sort.hidden = state.view === "board";
    choose(this.project, "projects", state.project);
    choose(this.agent, "agents", state.agent);
  }
}

/** Shows what the address chose; its name comes when it is known. */
function choose(field, kind, id) {
  if (field.value === id) return;
  field.set(id, id ? shortID(id) : "");
  if (id) nameOf(kind, id).then((name) => field.value === id && name && field.set(id, name));
}
