// Keyboard shortcuts: listed in the user's menu and under the question mark.
import { h } from "./dom.js";
import { openDialog } from "./dialog.js";
import { go } from "./router.js";
import { currentUser } from "./session.js";

const places = { o: "overview", p: "projects", t: "tasks", w: "agents", a: "alerts", q: "query" };
const list = [
  ["g o", "Overview"], ["g p", "Projects"], ["g t", "Tasks"], ["g w", "Agents, the workers"], ["g a", "Alerts"], ["g q", "Query"],
  ["/", "Search, or the expression"], ["n", "New project, task or agent, on their pages"], ["Ctrl Enter", "Run the expression (on Query)"],
  ["?", "This list"],
];

let isGoing = false;

export function openShortcuts() {
  openDialog({
    title: "Keyboard shortcuts",
    content: h("dl", { class: "keys" }, list.map(([keys, text]) =>
      h("div", {}, h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, text)))),
  });
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (!currentUser() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (isGoing) {
    isGoing = false;
    if (Object.hasOwn(places, event.key)) {
      event.preventDefault();
      go([places[event.key]]);
    }
    return;
  }
  switch (event.key) {
    case "g":
      isGoing = true;
      setTimeout(() => { isGoing = false; }, 1200);
      break;
    case "?":
      openShortcuts();
      break;
    case "/": press("[data-shortcut='search']", event); break;
    case "n": press("[data-shortcut='new']", event); break;
  }
});

function press(selector, event) {
  const element = document.querySelector(selector);
  if (!element) return;
  event.preventDefault();
  if (element.matches("input, textarea")) element.focus();
  else element.click();
}
