// The form that registers an agent.
import { registerAgent, types } from "../../agents.js";
import { openDialog } from "../../dialog.js";
import { fill, h, uniqueID } from "../../dom.js";
import { clearAt, faultOf, sentence, showAt } from "../../fault.js";
import { words } from "../../format.js";
import { showToken } from "./token.js";

/** Opens the form. Calls onregistered(agent) after the token was shown. */
export function openAgentForm(onregistered) {
  const fields = new Map();
  const fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  const id = uniqueID("agent-form");
  const text = (attributes = {}) => h("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...attributes });

  function field(name, label, input, size = "", hint = "") {
    input.id = uniqueID("agent-field");
    input.name = name;
    const place = faultOf(input);
    input.setAttribute("aria-describedby", `${input.id}-hint ${place.id}`);
    fields.set(name, { input, fault: place });
    return h("div", { class: `field ${size}` }, h("label", { for: input.id }, label), input,
      hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null, place);
  }

  const form = h("form", { id, class: "form", novalidate: true, onsubmit: submit },
    field("name", "Name", text({ required: true, maxlength: "100" }), "", "Unique, such as gpu-worker-1"),
    field("type", "Type", h("select", {}, types.map((type) => h("option", { value: type }, words(type))))),
    field("capabilities", "Capabilities", text({ value: "shell, http" }), "full", "What it can do, separated by commas: tasks that need more go to others"),
    field("concurrency", "Tasks at a time", h("input", { type: "number", min: "1", max: "1000", step: "1", value: "1", required: true })),
    field("heartbeat_timeout_seconds", "May be silent", h("input", { type: "number", min: "5", max: "3600", step: "1", value: "30", required: true }), "",
      "Seconds until it counts as late"),
    field("labels", "Labels", text({ placeholder: "zone=eu, gpu=a100" }), "full", "name=value, separated by commas"),
    field("description", "Description", h("textarea", { rows: "2" }), "full"),
    fault);
  const button = h("button", { type: "submit", form: id, class: "button primary" }, "Register");
  const dialog = openDialog({
    title: "Register an agent", wide: true, content: form,
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), button],
  });
  fields.get("name").input.focus();

  async function submit(event) {
    event.preventDefault();
    fault.hidden = true;
    for (const one of fields.values()) clearAt(one.input, one.fault);
    const wrong = [...fields.values()].filter(({ input }) => !input.checkValidity());
    for (const one of wrong) showAt(one.input, one.fault, one.input.validationMessage);
    const labels = readLabels(fields.get("labels").input.value);
    if (labels === null) {
      showAt(fields.get("labels").input, fields.get("labels").fault, "Each label is written name=value.");
      wrong.push(fields.get("labels"));
    }
    if (wrong.length > 0) {
      wrong[0].input.focus();
      return;
    }
    button.disabled = true;
    try {
      const registration = await registerAgent(values(labels));
      dialog.close();
      showToken(registration);
      onregistered(registration);
    } catch (error) {
      button.disabled = false;
      place(error);
    }
  }

  function values(labels) {
    const value = (name) => fields.get(name).input.value.trim();
    return {
      name: value("name"), type: value("type"), description: value("description"), labels,
      capabilities: [...new Set(value("capabilities").split(",").map((part) => part.trim()).filter(Boolean))],
      concurrency: Number(value("concurrency")), heartbeat_timeout_seconds: Number(value("heartbeat_timeout_seconds")),
    };
  }

  function place(error) {
    const unplaced = [];
    let first = null;
    for (const { pointer = "", detail } of error.violations ?? []) {
      const [, name, inside] = pointer.split("/");
      const at = fields.get(name);
      if (!at) {
        unplaced.push(sentence(detail));
        continue;
      }
      showAt(at.input, at.fault, sentence(inside && /^\d+$/.test(inside) ? `number ${Number(inside) + 1}: ${detail}` : detail));
      first ??= at.input;
    }
    first?.focus();
    if (first && unplaced.length === 0) return;
    fault.hidden = false;
    fill(fault, unplaced.join(" ") || error.message);
  }
}

/** An object from "a=b, c=d"; null for what is not written so. */
function readLabels(text) {
  const pairs = text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => part.split(/=(.*)/s));
  if (pairs.some(([name, value]) => !name.trim() || value === undefined)) return null;
  return Object.fromEntries(pairs.map(([name, value]) => [name.trim(), value.trim()]));
}
