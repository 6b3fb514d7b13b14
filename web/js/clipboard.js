// Copying, also where the page is not served over TLS and the browser keeps its clipboard to itself.
import { h } from "./dom.js";
import { toast } from "./toast.js";

/** Copies a text and says so: `what` is the word for it, such as "The token". */
export async function copy(text, what) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else if (!copyBySelection(text)) throw new Error("refused");
    toast(`${what} was copied.`);
  } catch {
    toast(`${what} could not be copied: select it and copy it yourself.`, "fault");
  }
}

function copyBySelection(text) {
  const field = h("textarea", { class: "visually-hidden", value: text, "aria-hidden": "true", tabindex: "-1" });
  const focused = document.activeElement;
  // Inside the open dialog: everything else is inert.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus?.({ preventScroll: true });
  return isCopied;
}

/** Has the browser save some content under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
