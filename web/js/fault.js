// What is wrong with a field of a form, said beside it.
import { h } from "./dom.js";

/** The place for the fault of an input, which is described by it. */
export function faultOf(input) {
  return h("p", { class: "field-fault", id: `${input.id}-fault`, hidden: true });
}

export function showAt(input, fault, text) {
  input.setAttribute("aria-invalid", "true");
  fault.textContent = text;
  fault.hidden = false;
}

export function clearAt(input, fault) {
  fault.hidden = true;
  input.removeAttribute("aria-invalid");
}

export function sentence(text) {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
