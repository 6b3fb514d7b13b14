// An agent as a card: how it is, what it does, and how its work has gone.
import { agentAddress } from "../../agents.js";
import { h } from "../../dom.js";
import { words } from "../../format.js";
import { icon } from "../../icons.js";
import { may } from "../../session.js";
import { taskAddress } from "../../tasks.js";
import { timeElement } from "../../time-element.js";
import { progressBar } from "../tasks/state.js";
import { drain, remove, undrain } from "./actions.js";
import { agentBadge, loadMeter, recordBar } from "./state.js";

const capabilitiesMax = 6;

/** `onchanged` is called after a change, so that the list asks again. */
export function agentCard(agent, work, onchanged) {
  const running = work?.running ?? 0;
  return h("article", { class: "card agent-card", "data-status": agent.status },
    h("header", { class: "agent-head" },
      h("h2", {}, h("a", { href: agentAddress(agent.id), "data-key": `agent-${agent.id}` }, agent.name)), agentBadge(agent.status)),
    h("p", { class: "small muted agent-kind" }, words(agent.type), " · ", agent.last_heartbeat_at
      ? ["heard of ", timeElement(agent.last_heartbeat_at)] : "not heard of yet"),
    agent.capabilities.length > 0 ? tags(agent.capabilities) : null,
    h("p", { class: "agent-load" }, loadMeter(running, agent.concurrency)),
    work?.current.length > 0 ? currentTasks(work) : agent.message ? h("p", { class: "small muted agent-message" }, agent.message) : null,
    recordBar(work),
    agentTools(agent, running, onchanged));
}

export function tags(names) {
  return h("ul", { class: "tags", "aria-label": "Capabilities" }, names.slice(0, capabilitiesMax).map((name) => h("li", {}, name)),
    names.length > capabilitiesMax ? h("li", { title: names.slice(capabilitiesMax).join(", ") }, `+${names.length - capabilitiesMax}`) : null);
}

export function currentTasks({ current, running }) {
  return h("ul", { class: "current-tasks", "aria-label": "What it does now" },
    current.map((attempt) => h("li", {},
      h("a", { href: taskAddress(attempt.task_id), "data-key": `current-${attempt.task_id}` }, attempt.task_name),
      attempt.fraction === null ? h("span", { class: "small muted" }, timeElement(attempt.started_at))
        : progressBar(attempt.fraction, `Progress of ${attempt.task_name}`))),
    running > current.length ? h("li", { class: "small muted" }, `and ${running - current.length} more`) : null);
}

function agentTools(agent, running, onchanged) {
  if (!may("agents.write") && !may("agents.delete")) return null;
  return h("footer", { class: "agent-tools" }, drainButton(agent, running, onchanged),
    may("agents.delete") ? h("button", {
      type: "button", class: "icon-button", title: `Remove ${agent.name}`, "aria-label": `Remove ${agent.name}`, "data-key": `remove-${agent.id}`,
      onclick: () => remove(agent.id, running, onchanged),
    }, icon("trash")) : null);
}

export function drainButton(agent, running, onchanged, size = "small") {
  if (!may("agents.write")) return null;
  const [verb, image, act] = agent.draining
    ? ["Take back", "play", () => undrain(agent.id, onchanged)]
    : ["Drain", "pause", () => drain(agent.id, running, onchanged)];
  return h("button", { type: "button", class: `button ${size}`, "data-key": `drain-${agent.id}`, onclick: act }, icon(image), verb);
}
