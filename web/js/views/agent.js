// One agent: how it is, what it does now, and its newest attempts.
import { listAttempts, readAgent, readWork } from "../agents.js";
import { fill, fillKeepingFocus, h } from "../dom.js";
import { number, span, words } from "../format.js";
import { icon } from "../icons.js";
import { card, emptyState, fault, labelList, loading } from "../parts.js";
import { person } from "../people.js";
import { poll } from "../poll.js";
import { go } from "../router.js";
import { may } from "../session.js";
import { taskAddress } from "../tasks.js";
import { timeElement } from "../time-element.js";
import { remove, replaceToken } from "./agents/actions.js";
import { currentTasks, drainButton } from "./agents/card.js";
import { agentBadge, loadMeter, recordBar } from "./agents/state.js";
import { durationOf } from "./task/attempts.js";
import { facts } from "./task/facts.js";
import { outcomeBadge } from "./tasks/state.js";

const interval = 5000;
const attemptsMax = 50;

export function show(content, { id, signal }) {
  return new AgentView(content, id, signal);
}

class AgentView {
  constructor(content, id, signal) {
    this.id = id;
    this.signal = signal;
    this.texts = new Map();
    this.heading = h("h1", { tabindex: "-1" }, "Agent");
    this.state = h("p", { class: "task-state" });
    this.tools = h("div", { class: "page-tools" });
    this.place = h("div", {}, loading());
    fill(content,
      h("a", { href: "#/agents", class: "back" }, icon("back"), "Agents"),
      h("header", { class: "page-header" }, h("div", { class: "task-title" }, this.heading, this.state), this.tools), this.place);
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  /** The agent as it is now; also for whoever hears that it changed. */
  async refresh() {
    try {
      const [{ agent }, works, attempts] = await Promise.all([
        readAgent(this.id, this.signal), readWork([this.id], this.signal), listAttempts(this.id, attemptsMax, this.signal),
      ]);
      if (!this.signal.aborted) this.draw(agent, works.get(this.id), attempts);
    } catch (error) {
      if (this.signal.aborted) return;
      if (error.status === 404 || error.status === 400) {
        this.parts = null;
        fill(this.tools);
        fill(this.state);
        fill(this.place, emptyState("This agent is not there", "It was removed, or the address is wrong.",
          h("a", { class: "button", href: "#/agents" }, "All agents")));
      } else if (!this.parts) {
        fill(this.place, fault(error, () => this.refresh()));
      }
    }
  }

  draw(agent, work, attempts) {
    this.parts ??= this.build();
    const { now, record, past, facts: details } = this.parts;
    this.heading.textContent = agent.name;
    document.title = `${agent.name} · KaskManager`;
    this.once("head", [agent.status, agent.draining, agent.last_heartbeat_at, work?.running], () => {
      fill(this.state, agentBadge(agent.status), h("span", { class: "muted small" }, agent.last_heartbeat_at
        ? [" heard of ", timeElement(agent.last_heartbeat_at)] : " not heard of yet"));
      fillKeepingFocus(this.tools, this.buttons(agent, work?.running ?? 0));
    });
    this.once("now", [work, agent.message, agent.concurrency], () => fillKeepingFocus(now,
      h("p", { class: "agent-load" }, loadMeter(work?.running ?? 0, agent.concurrency)),
      agent.message ? h("p", { class: "small muted" }, agent.message) : null,
      work?.current.length > 0 ? currentTasks(work) : h("p", { class: "small muted" }, "It does nothing now.")));
    this.once("record", work?.outcomes, () => fill(record, recordBar(work), outcomes(work)));
    this.once("past", attempts.map(({ heartbeat_at: _, ...rest }) => rest), () => fillKeepingFocus(past, attempts.length === 0
      ? emptyState("No attempts yet", "What this agent does appears here.") : attemptsTable(attempts)));
    this.once("facts", { ...agent, last_heartbeat_at: null, message: null }, () => fill(details, factCards(agent)));
  }

  /** Draws a part when what it shows is something else by now. */
  once(name, value, draw) {
    const text = JSON.stringify(value) ?? "";
    if (this.texts.get(name) === text) return;
    this.texts.set(name, text);
    draw();
  }

  build() {
    this.texts.clear();
    const now = h("div", { class: "pad agent-now" });
    const record = h("div", { class: "pad" });
    const past = h("div", {});
    const details = h("div", { class: "column" });
    fill(this.place, h("div", { class: "columns detail" },
      h("div", { class: "column" }, card({}, "Now", null, now), card({ class: "flush" }, "Newest attempts", null, past)),
      h("div", { class: "column" }, card({}, ["Record", h("span", { class: "card-note" }, "newest 1,000 attempts")], null, record), details)));
    return { now, record, past, facts: details };
  }

  buttons(agent, running) {
    const again = () => this.poller.now();
    return [
      drainButton(agent, running, again, ""),
      may("agents.write") ? h("button", { type: "button", class: "button", "data-key": "token", onclick: () => replaceToken(agent.id, again) }, icon("key"), "New token") : null,
      may("agents.delete") ? h("button", { type: "button", class: "button danger-text", "data-key": "remove",
        onclick: () => remove(agent.id, running, () => go(["agents"])) }, icon("trash"), "Remove") : null,
    ];
  }
}

function outcomes(work) {
  const rows = Object.entries(work?.outcomes ?? {}).filter(([, amount]) => amount > 0);
  return rows.length === 0 ? null : h("ul", { class: "outcomes" }, rows.map(([outcome, amount]) =>
    h("li", {}, outcomeBadge(outcome), h("span", {}, amount.toLocaleString("en")))));
}

function factCards(agent) {
  return [
    facts("Details", [
      ["Type", words(agent.type)],
      ["Capabilities", agent.capabilities.length ? h("ul", { class: "tags is-end" }, agent.capabilities.map((name) => h("li", {}, name))) : "none"],
      ["Labels", labelList(agent.labels)],
      ["Tasks at a time", String(agent.concurrency)],
      ["May be silent", span(agent.heartbeat_timeout_seconds)],
      ["Load it reports", agent.load === null ? null : number(agent.load)],
      ["Registered", [timeElement(agent.created_at), " by ", person(agent.created_by)]],
      ["Version", String(agent.version)],
      ["Identifier", h("code", { class: "identifier" }, agent.id)],
    ]),
    agent.description ? card({}, "Description", null, h("p", { class: "pad agent-description" }, agent.description)) : null,
  ];
}

function attemptsTable(attempts) {
  return h("table", { class: "table attempts-table" },
    h("thead", {}, h("tr", {}, ["Task", "Outcome", "Started", "Took"].map((name) =>
      h("th", { scope: "col", class: name === "Took" ? "numeric" : null }, name)))),
    h("tbody", {}, attempts.map((attempt) => h("tr", {},
      h("th", { scope: "row", class: "task-cell" }, h("a", { href: taskAddress(attempt.task_id), "data-key": `attempt-${attempt.task_id}-${attempt.number}` }, attempt.task_name),
        h("span", { class: "task-kind" }, h("span", { class: "mini mono" }, attempt.kind),
          attempt.number > 1 ? h("span", { class: "small muted" }, `attempt ${attempt.number}`) : null)),
      h("td", {}, outcomeBadge(attempt.outcome), attempt.error
        ? h("p", { class: "task-error mono", title: attempt.error.message }, attempt.error.class) : null),
      h("td", { "data-label": "Started" }, timeElement(attempt.started_at)),
      h("td", { "data-label": "Took", class: "numeric" }, durationOf(attempt))))));
}
