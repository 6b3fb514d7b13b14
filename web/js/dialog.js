// Modal windows on <dialog>, which keeps the focus inside and gives it back.
import { fill, h, uniqueID } from "./dom.js";
import { icon } from "./icons.js";

/** Opens a dialog and returns it; it removes itself when closed. */
export function openDialog({ title, content, footer, wide = false, onclose }) {
  const titleID = uniqueID("dialog");
  const dialog = h("dialog", { class: wide ? "dialog dialog-wide" : "dialog", "aria-labelledby": titleID },
    h("header", { class: "dialog-header" },
      h("h2", { id: titleID }, title),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    h("div", { class: "dialog-body" }, content),
    footer ? h("footer", { class: "dialog-footer" }, footer) : null);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

/**
 * Asks before something that cannot be taken back, and does it. The dialog stays open with the reason when `action` fails.
 * `tone` is "danger", or "primary" for what only wants a second thought.
 */
export function confirmAction({ title, text, verb, action, tone = "danger", dismiss = "Cancel" }) {
  const fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  const cancel = h("button", { type: "button", class: "button", autofocus: true, onclick: () => dialog.close() }, dismiss);
  const confirm = h("button", { type: "button", class: `button ${tone}`, onclick: run }, verb);
  const dialog = openDialog({ title, content: [h("p", {}, text), fault], footer: [cancel, confirm] });

  async function run() {
    confirm.disabled = true;
    fault.hidden = true;
    try {
      await action();
      dialog.close();
    } catch (error) {
      fault.hidden = false;
      fill(fault, error.message);
      confirm.disabled = false;
    }
  }
}
