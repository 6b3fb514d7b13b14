// Has a task that has not begun depend on a further one.
import { call } from "../../api.js";
import { openDialog } from "../../dialog.js";
import { h, uniqueID } from "../../dom.js";
import { clearAt, faultOf, sentence, showAt } from "../../fault.js";
import { picker } from "../../picker.js";
import { conditions } from "../../tasks.js";
import { findTasks } from "../tasks/offers.js";

const texts = { success: "has succeeded", failure: "has failed for good", always: "has ended" };

export function openDependencyForm(task, onadded) {
  const id = uniqueID("dependency-form");
  const input = h("input", { type: "text", id: uniqueID("dependency"), name: "task_id" });
  const fault = faultOf(input);
  input.setAttribute("aria-describedby", fault.id);
  const others = findTasks(() => task.project_id);
  const other = picker({
    label: "Tasks of the project", placeholder: "Type a task's name", input,
    find: async (q, signal) => (await others(q, signal)).filter((one) => one.id !== task.id),
  });
  const condition = h("select", { id: uniqueID("condition"), name: "condition" },
    conditions.map((value) => h("option", { value }, texts[value])));
  const form = h("form", { id, class: "form", novalidate: true, onsubmit: submit },
    h("div", { class: "field full" }, h("label", { for: input.id }, `${task.name} begins after`), other.element, fault),
    h("div", { class: "field full" }, h("label", { for: condition.id }, "when that one"), condition));
  const button = h("button", { type: "submit", form: id, class: "button primary" }, "Add");
  const dialog = openDialog({
    title: "Add a dependency", content: form,
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), button],
  });
  input.focus();

  async function submit(event) {
    event.preventDefault();
    clearAt(input, fault);
    if (!other.value) {
      showAt(input, fault, "Choose one of the tasks that are offered.");
      input.focus();
      return;
    }
    button.disabled = true;
    try {
      await call("POST", `/api/v1/tasks/${encodeURIComponent(task.id)}/dependencies`, { json: { task_id: other.value, condition: condition.value } });
      dialog.close();
      onadded();
    } catch (error) {
      button.disabled = false;
      showAt(input, fault, sentence(error.status === 409 ? error.message : error.violations?.[0]?.detail ?? error.message));
    }
  }
}
