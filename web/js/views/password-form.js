// The form that changes one's own password.
import { call } from "../api.js";
import { openDialog } from "../dialog.js";
import { fill, h, uniqueID } from "../dom.js";
import { clearAt, faultOf, sentence, showAt } from "../fault.js";
import { currentUser } from "../session.js";
import { toast } from "../toast.js";

/** The fewest characters of a new password, which the server insists on. */
const lengthMin = 10;

export function openPasswordForm() {
  const fields = new Map();
  const fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  const id = uniqueID("password-form");
  const form = h("form", { id, class: "form", novalidate: true, onsubmit: submit },
    // For programs that keep passwords.
    h("input", { type: "text", name: "username", autocomplete: "username", value: currentUser().username, hidden: true, readonly: true }),
    field("current_password", "Current password", "current-password"),
    field("new_password", "New password", "new-password", `At least ${lengthMin} characters`),
    field("repeated", "New password again", "new-password"),
    h("p", { class: "field full muted small" }, "Your other sessions end; here you stay signed in."),
    fault);
  const button = h("button", { type: "submit", form: id, class: "button primary" }, "Change password");
  const dialog = openDialog({
    title: "Change password",
    content: form,
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), button],
  });
  fields.get("current_password").input.focus();

  function field(name, label, autocomplete, hint = "") {
    const input = h("input", { id: uniqueID(name), name, type: "password", autocomplete, required: true });
    const place = faultOf(input);
    fields.set(name, { input, fault: place });
    input.setAttribute("aria-describedby", `${input.id}-hint ${place.id}`);
    return h("div", { class: "field full" },
      h("label", { for: input.id }, label), input, hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null, place);
  }

  /** What the page sees itself. */
  function missing() {
    for (const [name, { input }] of fields) if (!input.value) return [name, "Is needed."];
    const value = fields.get("new_password").input.value;
    if ([...value].length < lengthMin) return ["new_password", `Must have at least ${lengthMin} characters.`];
    if (value !== fields.get("repeated").input.value) return ["repeated", "Is another password than the one above."];
    return null;
  }

  function show(name, text) {
    const { input, fault: place } = fields.get(name);
    showAt(input, place, text);
    input.select();
    input.focus();
  }

  async function submit(event) {
    event.preventDefault();
    fault.hidden = true;
    for (const { input, fault: place } of fields.values()) clearAt(input, place);
    const wrong = missing();
    if (wrong) return show(...wrong);
    button.disabled = true;
    try {
      await call("PUT", "/api/v1/users/me/password", {
        json: {
          current_password: fields.get("current_password").input.value,
          new_password: fields.get("new_password").input.value,
        },
      });
      dialog.close();
      toast("Your password is changed. Your other sessions have ended.");
    } catch (error) {
      button.disabled = false;
      const placed = (error.violations ?? []).filter(({ pointer }) => fields.has(pointer?.slice(1)));
      // The last one that is shown has the focus: the first of the form.
      for (const { pointer, detail } of placed.reverse()) show(pointer.slice(1), sentence(detail));
      if (placed.length > 0) return;
      fault.hidden = false;
      fill(fault, error.status === 429 ? "There were too many attempts. Wait a little, then try again." : error.message);
    }
  }
}
