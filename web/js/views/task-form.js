// The form that makes a task.
import { openDialog } from "../dialog.js";
import { fill, h, uniqueID } from "../dom.js";
import { clearAt, faultOf, sentence, showAt } from "../fault.js";
import { words } from "../format.js";
import { icon } from "../icons.js";
import { nameOf, shortID } from "../names.js";
import { picker } from "../picker.js";
import { idempotencyKey } from "../projects.js";
import { conditions, createTask } from "../tasks.js";
import { parseObject } from "./json-field.js";
import { findProjects, findTasks } from "./tasks/offers.js";

/** What the input of a kind looks like, to begin with. */
const examples = {
  shell: { program: "echo", arguments: ["hello"] },
  http: { method: "GET", url: "https://example.org/" },
};
const conditionTexts = { success: "succeeded", failure: "failed for good", always: "ended" };
const dependenciesMax = 100;

/** Opens the form, with a project chosen where one is given. Calls oncreated(task). */
export function openTaskForm({ project = "", oncreated }) {
  return new TaskForm(project, oncreated);
}

class TaskForm {
  constructor(project, oncreated) {
    this.oncreated = oncreated;
    this.key = idempotencyKey();
    /** By JSON pointer, as the server names what it refuses. */
    this.fields = new Map();
    this.dependencies = [];
    this.fault = h("p", { class: "form-fault", role: "alert", hidden: true });
    const id = uniqueID("task-form");
    this.form = h("form", { id, class: "form", novalidate: true, onsubmit: (event) => this.submit(event) }, this.inputs(), this.fault);
    this.button = h("button", { type: "submit", form: id, class: "button primary" }, "Create task");
    this.dialog = openDialog({
      title: "New task",
      content: this.form,
      wide: true,
      footer: [h("button", { type: "button", class: "button", onclick: () => this.dialog.close() }, "Cancel"), this.button],
    });
    if (project) this.chooseProject(project);
    this.input(project ? "/name" : "/project_id").focus();
  }

  input(pointer) { return this.fields.get(pointer).input; }

  inputs() {
    this.project = picker({
      label: "Projects", placeholder: "Type a name", find: findProjects, onchange: () => this.drawDependencies(),
      input: h("input", { type: "text", required: true }),
    });
    const kind = h("input", { value: "shell", required: true, maxlength: "50", list: "task-kinds", autocomplete: "off", autocapitalize: "none",
      spellcheck: "false", oninput: () => this.offerInput() });
    this.example = JSON.stringify(examples.shell, null, 2);
    return [
      this.field("/project_id", "Project", this.project.input, "full", "", this.project.element),
      this.field("/name", "Name", h("input", { maxlength: "200", autocomplete: "off" }), "", "The kind, when this is empty"),
      this.field("/kind", "Kind", [kind, h("datalist", { id: "task-kinds" }, Object.keys(examples).map((value) => h("option", { value })))], "",
        "Tells the agent how to read the input"),
      this.field("/input", "Input", h("textarea", { rows: "6", class: "mono", spellcheck: "false", autocapitalize: "none", value: this.example }), "full",
        "A JSON object"),
      this.field("/capabilities", "Capabilities", h("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false" }), "",
        "What an agent must be able to do, separated by commas"),
      this.field("/priority", "Priority", whole("5", 1, 10), "", "1 to 10; 10 goes first"),
      this.section("Depends on", this.dependencyFields()),
      this.section("Retries", [
        this.field("/retry/attempts_max", "Attempts in all", whole("3", 1, 100)),
        this.field("/retry/first_delay_seconds", "First wait", whole("5", 0, 604800), "", "Seconds after the first failure"),
        this.field("/retry/factor", "Growth", number("2", 1, 10), "", "By what each further wait grows"),
        this.field("/retry/delay_seconds_max", "Longest wait", whole("3600", 0, 604800), "", "Seconds"),
        this.field("/retry/jitter", "Jitter", number("0.2", 0, 1), "", "The part of a wait that chance may take away"),
        this.field("/retry/non_retryable", "Not to be retried", h("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false" }), "",
          "Classes of errors, separated by commas"),
      ]),
      this.section("Time-outs", [
        this.field("/timeouts/schedule_to_start_seconds", "Until it begins", whole("", 1, 31622400), "", "Seconds; empty for no limit"),
        this.field("/timeouts/start_to_close_seconds", "One attempt", whole("", 1, 31622400), "", "Seconds; empty for no limit"),
        this.field("/timeouts/heartbeat_seconds", "Between signs of life", whole("30", 5, 3600), "", "Seconds"),
        this.field("/timeouts/total_seconds", "In all", whole("", 1, 31622400), "", "Seconds; empty for no limit"),
      ]),
      this.section("More", [
        this.field("/run_at", "Not before", h("input", { type: "datetime-local" })),
        this.field("/unique_key", "Unique key", h("input", { maxlength: "200", autocomplete: "off", spellcheck: "false" }), "",
          "No two open tasks of a project have the same"),
      ]),
    ];
  }

  field(pointer, label, control, size = "", hint = "", place = null) {
    const [input, ...rest] = [control].flat();
    input.id = uniqueID("task-field");
    input.name = pointer.slice(1);
    const fault = faultOf(input);
    input.setAttribute("aria-describedby", `${input.id}-hint ${fault.id}`);
    this.fields.set(pointer, { input, fault });
    return h("div", { class: `field ${size}` }, h("label", { for: input.id }, label), place ?? input, rest,
      hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null, fault);
  }

  section(title, content) {
    return h("details", { class: "form-section" }, h("summary", {}, icon("chevron"), title), h("div", { class: "form" }, content));
  }

  dependencyFields() {
    this.chosen = h("ul", { class: "dependency-choices" });
    const find = picker({
      label: "Tasks of the project", placeholder: "Type a task's name", find: findTasks(() => this.project.value),
      onchange: (id, task) => {
        if (id && this.dependencies.length < dependenciesMax && this.dependencies.every((one) => one.id !== id)) {
          this.dependencies.push({ id, name: task.name, condition: "success" });
          this.drawDependencies();
        }
        find.set("", "");
        find.input.value = "";
      },
      input: h("input", { type: "text" }),
    });
    return [this.field("/dependencies", "Add a task", find.input, "full", "It is to end before this one begins", find.element), this.chosen];
  }

  drawDependencies() {
    fill(this.chosen, this.dependencies.map((one) => h("li", {},
      h("span", { class: "dependency-name" }, one.name),
      h("select", { "aria-label": `How ${one.name} is to end`, onchange: (event) => { one.condition = event.target.value; } },
        conditions.map((condition) => h("option", { value: condition, selected: condition === one.condition }, `has ${conditionTexts[condition]}`))),
      h("button", {
        type: "button", class: "icon-button", "aria-label": `Remove ${one.name}`,
        onclick: () => {
          this.dependencies = this.dependencies.filter((other) => other !== one);
          this.drawDependencies();
          this.input("/dependencies").focus();
        },
      }, icon("close")))));
  }

  /** A kind's example takes the place of another example, never of what somebody wrote. */
  offerInput() {
    const example = examples[this.input("/kind").value.trim()];
    const input = this.input("/input");
    if (!example || input.value !== this.example) return;
    this.example = JSON.stringify(example, null, 2);
    input.value = this.example;
  }

  async chooseProject(id) {
    this.project.set(id, shortID(id));
    const name = await nameOf("projects", id);
    if (name && this.project.value === id) this.project.set(id, name);
  }

  async submit(event) {
    event.preventDefault();
    this.fault.hidden = true;
    for (const { input, fault } of this.fields.values()) clearAt(input, fault);
    const input = parseObject(this.input("/input").value);
    const local = [...this.fields].filter(([, { input: control }]) => !control.checkValidity())
      .map(([pointer, { input: control }]) => ({ pointer, detail: control.validationMessage }));
    if (!this.project.value && !local.some(({ pointer }) => pointer === "/project_id")) {
      local.push({ pointer: "/project_id", detail: "choose one of the projects that are offered" });
    }
    if (input.fault) local.push({ pointer: "/input", detail: input.fault });
    if (local.length > 0) {
      this.place(local);
      return;
    }
    this.button.disabled = true;
    try {
      const task = await createTask(this.values(input.value), this.key);
      this.dialog.close();
      this.oncreated(task);
    } catch (error) {
      this.button.disabled = false;
      // A corrected form is another creation.
      if (error.status >= 400 && error.status < 500) this.key = idempotencyKey();
      if (error.violations?.length) this.place(error.violations);
      else this.say(error.message);
    }
  }

  values(input) {
    const text = (pointer) => this.input(pointer).value.trim();
    const list = (pointer) => [...new Set(text(pointer).split(",").map((part) => part.trim()).filter(Boolean))];
    const group = (name) => Object.fromEntries([...this.fields.keys()].filter((pointer) => pointer.startsWith(`/${name}/`) && text(pointer) !== "")
      .map((pointer) => [pointer.slice(name.length + 2), pointer === "/retry/non_retryable" ? list(pointer) : Number(text(pointer))]));
    return {
      project_id: this.project.value,
      kind: text("/kind"),
      ...(text("/name") ? { name: text("/name") } : {}),
      input,
      capabilities: list("/capabilities"),
      ...(text("/priority") ? { priority: Number(text("/priority")) } : {}),
      ...(text("/unique_key") ? { unique_key: text("/unique_key") } : {}),
      ...(text("/run_at") ? { run_at: new Date(text("/run_at")).toISOString() } : {}),
      retry: group("retry"),
      timeouts: group("timeouts"),
      dependencies: this.dependencies.map(({ id, condition }) => ({ task_id: id, condition })),
    };
  }

  /** Says each fault beside its field: the nearest one above the pointer; and what belongs to none, below. */
  place(violations) {
    const unplaced = [];
    let first = null;
    for (const { pointer = "", detail } of violations) {
      const at = [...this.fields.keys()].filter((known) => pointer === known || pointer.startsWith(`${known}/`))
        .sort((a, b) => b.length - a.length)[0];
      if (!at) {
        unplaced.push(sentence(detail));
        continue;
      }
      const { input, fault } = this.fields.get(at);
      const inside = pointer.slice(at.length + 1);
      showAt(input, fault, sentence(inside ? `${this.placeIn(at, inside)}: ${detail}` : detail));
      input.closest("details")?.setAttribute("open", "");
      first ??= input;
    }
    if (unplaced.length > 0) this.say(unplaced.join(" "));
    first?.focus({ preventScroll: true });
    first?.closest(".field").scrollIntoView({ block: "nearest" });
  }

  /** Which item of a list, or which member of the input, is meant. */
  placeIn(pointer, inside) {
    const [head] = inside.split("/");
    if (pointer === "/dependencies") return this.dependencies[Number(head)]?.name ?? words(inside);
    return /^\d+$/.test(head) ? `number ${Number(head) + 1}` : inside.replaceAll("/", " › ");
  }

  say(text) {
    this.fault.hidden = false;
    fill(this.fault, text);
    this.fault.scrollIntoView({ block: "nearest" });
  }
}

const whole = (value, min, max) => h("input", { type: "number", min, max, step: "1", value, inputmode: "numeric" });
const number = (value, min, max) => h("input", { type: "number", min, max, step: "any", value, inputmode: "decimal" });
