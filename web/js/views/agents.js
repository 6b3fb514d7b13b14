// The agents: a card each, whose filters are in the address.
import { listAgents, readWork, statuses } from "../agents.js";
import { fill, fillKeepingFocus, h } from "../dom.js";
import { count, words } from "../format.js";
import { icon } from "../icons.js";
import { emptyState, fault, loading, pageHeader, segments } from "../parts.js";
import { poll } from "../poll.js";
import { currentRoute, replaceQuery } from "../router.js";
import { may } from "../session.js";
import { agentCard } from "./agents/card.js";
import { openAgentForm } from "./agents/form.js";

const interval = 5000;
const pause = 250;

export function show(content, { query, signal }) {
  return new AgentsView(content, query, signal);
}

class AgentsView {
  constructor(content, query, signal) {
    this.signal = signal;
    this.request = 0;
    this.cards = new Map();
    this.search = h("input", {
      type: "search", id: "agent-search", placeholder: "Search agents", "aria-label": "Search agents", "data-shortcut": "search", maxlength: "200",
      oninput: () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => signal.aborted || this.change({ q: this.search.value.trim() }), pause);
      },
    });
    this.filter = h("div", { class: "scroll-x" });
    this.note = h("p", { class: "muted small list-note", role: "status" });
    this.grid = h("div", { class: "agent-grid" });
    this.place = h("div", {}, loading());
    this.more = h("div", { class: "more-row" });
    fill(content,
      pageHeader("Agents", this.registerButton()),
      h("div", { class: "toolbar" }, h("div", { class: "search" }, icon("search"), this.search)),
      h("div", { class: "filter-row" }, this.filter, this.note), this.place, this.more);
    this.update(query);
    this.poller = poll(() => this.refresh(), interval, signal);
  }

  registerButton() {
    return may("agents.write")
      ? h("button", { type: "button", class: "button primary", "data-shortcut": "new", onclick: () => openAgentForm(() => this.refresh()) }, icon("plus"), "Register agent")
      : null;
  }

  /** Takes the filters of the address. */
  update(query) {
    const isFirst = this.state === undefined;
    this.state = { status: statuses.includes(query.get("status")) ? query.get("status") : "", q: query.get("q") ?? "" };
    if (document.activeElement !== this.search) this.search.value = this.state.q;
    this.pages = 1;
    fillKeepingFocus(this.filter, segments({
      label: "Status",
      options: [["", "All"], ...statuses.map((status) => [status, words(status)])],
      value: this.state.status,
      onchange: (status) => this.change({ status }),
    }));
    if (!isFirst) this.refresh();
  }

  change(part) {
    replaceQuery({ ...this.state, ...part });
    this.update(currentRoute().query);
  }

  /** The agents as they are now; also for whoever hears that one changed. */
  async refresh() {
    this.request += 1;
    const { request, signal } = this;
    const isCurrent = () => request === this.request && !signal.aborted;
    try {
      const agents = [];
      const works = new Map();
      let cursor = null;
      for (let page = 0; page < this.pages && (page === 0 || cursor); page += 1) {
        const { items, next_cursor: next } = await listAgents({ ...this.state, cursor, sort: "name" }, signal);
        for (const [id, work] of await readWork(items.map(({ id }) => id), signal)) works.set(id, work);
        agents.push(...items);
        cursor = next;
      }
      if (isCurrent()) this.draw(agents, works, cursor !== null);
    } catch (error) {
      if (!isCurrent()) return;
      // What is shown already stays: the banner says that it is stale.
      if (!this.grid.isConnected) fill(this.place, fault(error, () => this.refresh()));
    }
  }

  draw(agents, works, hasMore) {
    const cards = new Map();
    const focused = this.grid.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    agents.forEach((agent, index) => {
      const work = works.get(agent.id);
      const text = JSON.stringify([agent, work]);
      const known = this.cards.get(agent.id);
      const element = known?.text === text ? known.element : agentCard(agent, work, () => this.refresh());
      if (known && known.element !== element) known.element.replaceWith(element);
      if (this.grid.children[index] !== element) this.grid.insertBefore(element, this.grid.children[index] ?? null);
      cards.set(agent.id, { element, text });
    });
    while (this.grid.children.length > agents.length) this.grid.lastElementChild.remove();
    this.cards = cards;
    if (focused) this.grid.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (agents.length === 0) fill(this.place, h("div", { class: "card" }, this.empty()));
    else if (!this.grid.isConnected) fill(this.place, this.grid);
    const note = agents.length > 0 ? `${count(agents.length, "agent")}${hasMore ? " shown, more below" : ""}` : "";
    if (this.note.textContent !== note) this.note.textContent = note;
    if (hasMore !== (this.more.firstChild !== null)) {
      fill(this.more, hasMore ? h("button", { type: "button", class: "button", onclick: () => { this.pages += 1; this.refresh(); } }, "Show more") : null);
    }
  }

  empty() {
    if (this.state.q || this.state.status) {
      return emptyState("No agent matches", "Try other words, or look at all of them.", h("a", { class: "button", href: "#/agents" }, "Clear the filters"));
    }
    return emptyState("No agents yet", "An agent is a program that does tasks: a worker on some machine, a script, a language model. Register one to get its token.",
      this.registerButton());
  }
}
