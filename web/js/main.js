// Starts the page: takes up the session, then shows the sign-in form or the view of the address.
import { UnreachableError } from "./api.js";
import { closeDialogs } from "./dialog.js";
import { fill, h } from "./dom.js";
import { icon, mark } from "./icons.js";
import { currentRoute, go } from "./router.js";
import { currentUser, resume, session } from "./session.js";
import { Shell } from "./shell.js";
import * as agent from "./views/agent.js";
import * as agents from "./views/agents.js";
import * as alerts from "./views/alerts.js";
import * as overview from "./views/overview.js";
import * as project from "./views/project.js";
import * as projects from "./views/projects.js";
import * as query from "./views/query.js";
import * as runbook from "./views/runbook.js";
import { showSignIn } from "./views/sign-in.js";
import * as task from "./views/task.js";
import * as taskGraph from "./views/task-graph.js";
import * as tasks from "./views/tasks.js";
import "./shortcuts.js";

const app = document.getElementById("app");
let shell = null;
let shown = null;

function viewOf({ path }) {
  const [first, second, third, fourth] = path;
  if (first === "runbooks" && second !== undefined && fourth === undefined) {
    return { name: "alerts", module: runbook, id: second, section: third };
  }
  if (first === "tasks" && third === "graph" && fourth === undefined) return { name: "tasks", module: taskGraph, id: second };
  if (third !== undefined) return null;
  switch (first) {
    case undefined: return second === undefined ? { name: "overview", module: overview } : null;
    case "overview": return second === undefined ? { name: "overview", module: overview } : null;
    case "projects":
      return second === undefined ? { name: "projects", module: projects } : { name: "projects", module: project, id: second };
    case "tasks": return second === undefined ? { name: "tasks", module: tasks } : { name: "tasks", module: task, id: second };
    case "agents": return second === undefined ? { name: "agents", module: agents } : { name: "agents", module: agent, id: second };
    case "alerts": return second === undefined ? { name: "alerts", module: alerts } : null;
    case "query": return second === undefined ? { name: "query", module: query } : null;
    default: return null;
  }
}

function leave() {
  shown?.controller.abort();
  shown = null;
}

function render() {
  if (!currentUser()) return;
  const route = currentRoute();
  const key = route.path.join("/");
  if (shown?.key === key && shown.view?.update) {
    shown.view.update(route.query);
    return;
  }
  const from = shown?.key ?? null;
  leave();
  closeDialogs();
  const found = viewOf(route);
  const controller = new AbortController();
  const content = shell.begin(found?.name ?? null);
  shown = { key, controller, view: null };
  if (found) {
    const { id, section } = found;
    shown.view = found.module.show(content, { query: route.query, signal: controller.signal, id, section, from });
  } else {
    fill(content,
      h("div", { class: "card empty" }, h("h1", { tabindex: "-1" }, "There is no such page"),
        h("p", {}, "The address is wrong, or is from another version."),
        h("a", { class: "button", href: "#/overview" }, "Go to the overview")));
  }
  shell.settle();
}

function enter() {
  shell = new Shell(app);
  render();
}

function signIn(reason) {
  leave();
  closeDialogs();
  shell?.dispose();
  shell = null;
  showSignIn(app, reason);
}

function sessionChanged() {
  if (currentUser()) {
    if (!shell) enter();
    return;
  }
  go([]);
  signIn(null);
}

session.addEventListener("changed", sessionChanged);
// The address stays, so that signing in leads back to the same place.
session.addEventListener("expired", () => {
  // Requests that were under way may say it again.
  if (!app.querySelector(".sign-in-form")) signIn("Your session has ended. Sign in to go on where you were.");
});
window.addEventListener("hashchange", render);
document.getElementById("skip-link").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content")?.focus();
});

function showFault(text) {
  // Said once: a screen reader would hear it again at every attempt.
  if (app.querySelector(".down p")?.textContent === text) return;
  document.title = "KaskManager";
  fill(app, h("main", { class: "sign-in" },
    h("div", { class: "sign-in-brand" }, mark(), h("span", {}, "KaskManager")),
    h("div", { class: "down", role: "alert" }, icon("warning"), h("p", {}, text),
      h("button", { type: "button", class: "button", onclick: () => location.reload() }, "Try again"))));
}

async function start() {
  try {
    await resume();
    if (!currentUser() && !app.querySelector("form")) signIn(null);
  } catch (error) {
    const text = error instanceof UnreachableError
      ? "The server does not answer. This page tries again every few seconds."
      : `The server cannot take up your session: ${error.message}`;
    showFault(text);
    setTimeout(start, 5000);
  }
}

start();
