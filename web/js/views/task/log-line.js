// One line of a log: when, from which stream, what.
import { h } from "../../dom.js";
import { clockTime, parseTime } from "../../format.js";

// Colours and cursor movements that programs write for terminals; what they overwrite is not shown either.
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;
const marks = { stderr: "err", system: "sys" };

export function lineElement({ sequence, at, stream, text }) {
  const date = parseTime(at);
  return h("div", { class: `log-line is-${stream === "stderr" || stream === "system" ? stream : "stdout"}`, "data-sequence": sequence },
    h("span", { class: "log-time", title: at }, date ? clockTime(date) : ""),
    h("span", { class: "log-stream" }, marks[stream] ?? ""),
    h("span", { class: "log-text" }, plain(text)));
}

export const lineText = ({ at, stream, text }) => `${at} ${stream} ${plain(text)}`;

/** What a terminal would show in the end. */
function plain(text) {
  const shown = text.replaceAll(escapes, "").replace(/\r+$/, "");
  return shown.slice(shown.lastIndexOf("\r") + 1);
}
