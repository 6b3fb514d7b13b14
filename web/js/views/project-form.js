// The form that creates and edits a project.
import { openDialog } from "../dialog.js";
import { fill, h, uniqueID } from "../dom.js";
import { clearAt, faultOf, sentence, showAt } from "../fault.js";
import { parseTime, words } from "../format.js";
import { changeProject, createProject, idempotencyKey, readProject, transitions, types } from "../projects.js";
import { personToText } from "../people.js";
import { markdownPreview } from "./markdown-field.js";
import { offerPeople } from "./people-offers.js";

const markdownHint = "Markdown: # heading, **bold**, `code`, - list, > quote, [link](https://…)";

/** Opens the form; without a project it creates one. Calls onsaved(project) after it is saved. */
export function openProjectForm({ project = null, tag = null, onsaved }) {
  return new ProjectForm(project, tag, onsaved);
}

class ProjectForm {
  constructor(project, tag, onsaved) {
    this.project = project;
    this.tag = tag;
    this.onsaved = onsaved;
    this.key = idempotencyKey();
    this.fields = new Map();
    this.fault = h("p", { class: "form-fault", role: "alert", hidden: true });
    const id = uniqueID("project-form");
    this.form = h("form", { id, class: "form", novalidate: true, onsubmit: (event) => this.submit(event) },
      this.inputs(project ?? {}), this.fault);
    this.button = h("button", { type: "submit", form: id, class: "button primary" }, project ? "Save changes" : "Create project");
    this.dialog = openDialog({
      title: project ? "Edit project" : "New project",
      content: this.form,
      wide: true,
      footer: [h("button", { type: "button", class: "button", onclick: () => this.dialog.close() }, "Cancel"), this.button],
    });
    this.fields.get("name").input.focus();
  }

  inputs(project) {
    const statuses = this.project
      ? [project.status, ...transitions[project.status].map(([status]) => status)]
      : ["pending", "active"];
    return [
      this.field("name", "Name", h("input", { value: project.name ?? "", maxlength: "200", required: true, autocomplete: "off" }), "full"),
      this.field("description", "Description", h("textarea", { rows: "6", value: project.description ?? "" }), "full", markdownHint),
      this.field("type", "Type", select(types, project.type ?? "research")),
      this.field("status", "Status", select(statuses, project.status ?? "pending")),
      this.field("priority", "Priority", h("input", {
        type: "number", min: "1", max: "10", step: "1", value: String(project.priority ?? 5), inputmode: "numeric",
      }), "", "1 to 10"),
      this.field("estimated_hours", "Estimated hours", h("input", {
        type: "number", min: "0", step: "any", value: project.estimated_hours ?? "", inputmode: "decimal",
      })),
      this.field("due_at", "Due", h("input", { type: "datetime-local", value: localTime(project.due_at) })),
      this.field("owner", "Owner", h("input", { value: personToText(project.owner), maxlength: "100", autocomplete: "off" }), "",
        this.project ? "A user's name" : "A user's name; you, when this is empty"),
      this.field("objectives", "Objectives", lines(project.objectives), "full", "One a line"),
      this.field("success_criteria", "Success criteria", lines(project.success_criteria), "full", "One a line"),
      this.field("tags", "Tags", h("input", {
        value: (project.tags ?? []).join(", "), autocomplete: "off", autocapitalize: "none", spellcheck: "false",
      }), "", "Separated by commas"),
      this.field("assignees", "Assignees", h("input", {
        value: (project.assignees ?? []).map(personToText).join(", "), autocomplete: "off", spellcheck: "false",
      }), "", "Names of users and agents, separated by commas"),
    ];
  }

  field(name, label, input, size = "", hint = "") {
    const id = uniqueID(name);
    input.id = id;
    input.name = name;
    const fault = faultOf(input);
    input.setAttribute("aria-describedby", `${id}-hint ${id}-fault`);
    this.fields.set(name, { input, fault });
    const { tools, preview } = hint === markdownHint ? markdownPreview(input, label) : {};
    return h("div", { class: `field ${size}` },
      h("div", { class: "field-head" }, h("label", { for: id }, label), tools),
      name === "owner" || name === "assignees" ? offerPeople(input, `People for ${label}`, { many: name === "assignees" }) : input,
      preview,
      hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null,
      fault);
  }

  values() {
    const text = (name) => this.fields.get(name).input.value;
    const due = text("due_at");
    return {
      name: text("name").trim(),
      description: text("description"),
      type: text("type"),
      status: text("status"),
      priority: text("priority") === "" ? 5 : Number(text("priority")),
      estimated_hours: text("estimated_hours") === "" ? null : Number(text("estimated_hours")),
      // A time that was not touched keeps its seconds.
      due_at: due === "" ? null : due === localTime(this.project?.due_at) ? this.project.due_at : new Date(due).toISOString(),
      owner: text("owner").trim() || null,
      objectives: split(text("objectives"), "\n"),
      success_criteria: split(text("success_criteria"), "\n"),
      tags: unique(split(text("tags"), ",").map((tag) => tag.toLowerCase())),
      assignees: unique(split(text("assignees"), ",")),
    };
  }

  async submit(event) {
    event.preventDefault();
    this.clearFaults();
    if (!this.isComplete()) return;
    const values = this.values();
    this.button.disabled = true;
    try {
      const saved = this.project ? await this.change(values) : await createProject(withoutNothing(values), this.key);
      this.dialog.close();
      this.onsaved(saved);
    } catch (error) {
      this.button.disabled = false;
      // A corrected form is another creation.
      if (error.status >= 400 && error.status < 500) this.key = idempotencyKey();
      this.showFault(error);
    }
  }

  async change(values) {
    const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(this.project[name] ?? (Array.isArray(value) ? [] : null))));
    if (Object.keys(changed).length === 0) return this.project;
    return (await changeProject(this.project.id, this.tag, changed)).project;
  }

  /** What the browser can see itself: the required name and the numbers. */
  isComplete() {
    const wrong = [...this.fields.values()].filter(({ input }) => !input.checkValidity());
    for (const { input, fault } of wrong) showAt(input, fault, input.validationMessage);
    wrong[0]?.input.focus();
    return wrong.length === 0;
  }

  clearFaults() {
    this.fault.hidden = true;
    for (const { input, fault } of this.fields.values()) clearAt(input, fault);
  }

  showFault(error) {
    const unplaced = [];
    let first = null;
    for (const violation of error.violations ?? []) {
      const field = this.fields.get((violation.pointer ?? "").split("/")[1]);
      if (!field) {
        unplaced.push(violation.detail);
        continue;
      }
      showAt(field.input, field.fault, sentence(violation.detail));
      first ??= field;
    }
    if (first && unplaced.length === 0) {
      first.input.focus({ preventScroll: true });
      first.input.parentElement.scrollIntoView({ block: "nearest" });
      return;
    }
    this.fault.hidden = false;
    if (error.status === 412) {
      fill(this.fault, "Someone else changed this project while you were editing. ",
        h("button", { type: "button", class: "button", onclick: () => this.reload() }, "Load their version"));
    } else {
      fill(this.fault, unplaced.length ? unplaced.map(sentence).join(" ") : error.message);
    }
    this.fault.scrollIntoView({ block: "nearest" });
  }

  async reload() {
    try {
      const present = await readProject(this.project.id);
      this.dialog.close();
      openProjectForm({ project: present.project, tag: present.tag, onsaved: this.onsaved });
    } catch (error) {
      this.showFault(error);
    }
  }
}

function select(options, value) {
  return h("select", {}, options.map((option) => h("option", { value: option, selected: option === value }, words(option))));
}

function lines(items = []) {
  return h("textarea", { rows: String(Math.min(6, Math.max(2, items.length + 1))), value: items.join("\n") });
}

const split = (text, separator) => text.split(separator).map((part) => part.trim()).filter(Boolean);
const unique = (items) => [...new Set(items)];
const withoutNothing = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

/** What an input of type datetime-local shows: local time, to the minute. */
function localTime(text) {
  const date = parseTime(text);
  if (!date) return "";
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
