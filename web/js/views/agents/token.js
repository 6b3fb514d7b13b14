// An agent's token, shown this once, with how to start a worker that uses it.
import { copy } from "../../clipboard.js";
import { openDialog } from "../../dialog.js";
import { h, uniqueID } from "../../dom.js";
import { icon } from "../../icons.js";

/** What a shell would not take for a word of its own. */
const quoted = (text) => /^[\w.:/@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

export function showToken({ name, token, capabilities }, title = "Agent registered") {
  const executors = ["shell", "http"].filter((executor) => capabilities.includes(executor));
  const command = `KASKMAN_URL=${quoted(location.origin)} KASKMAN_TOKEN=${quoted(token)} kaskman-worker --executors ${executors.join(",") || "shell,http"}`;
  const dialog = openDialog({
    title,
    wide: true,
    content: [
      h("p", {}, h("strong", {}, name), " proves with this token who it is. ", h("strong", {}, "It is shown this once"),
        ": the server keeps only a hash of it. Whoever loses it gives the agent a new one."),
      secret("Token", token, "The token"),
      secret("Start a worker with it", command, "The command"),
      h("p", { class: "small muted" }, "Any program can be an agent: it asks for work over HTTP with ",
        h("code", {}, "Authorization: Bearer …"), ", see ", h("code", {}, "/api/v1/openapi.json"), "."),
    ],
    footer: h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "I have kept it"),
  });
  dialog.querySelector(".secret button").focus();
}

function secret(label, text, what) {
  const id = uniqueID("secret");
  return h("div", { class: "field" }, h("p", { class: "field-label", id }, label),
    h("div", { class: "secret" }, h("code", { tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-labelledby": id }, text),
      h("button", { type: "button", class: "button", onclick: () => copy(text, what) }, icon("copy"), "Copy")));
}
