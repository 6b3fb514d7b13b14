// The rules with their states; which are shown is in the address.
import { UnreachableError } from "../api.js";
import { fill, fillKeepingFocus, h } from "../dom.js";
import { number, parseNumber, parseTime, seconds, span, words } from "../format.js";
import { icon } from "../icons.js";
import { amount, badge, breakable, emptyState, fault, labelList, loading, pageHeader, segments } from "../parts.js";
import { poll } from "../poll.js";
import { ruleGroups } from "../prometheus.js";
import { address, currentRoute, replaceQuery } from "../router.js";
import { timeElement } from "../time-element.js";

const interval = 5000;
const searchDelay = 150;
const states = ["firing", "pending", "inactive"];
const rank = { firing: 0, pending: 1, inactive: 2 };

export function show(content, { query, signal }) {
  return new AlertsView(content, query, signal);
}

class AlertsView {
  constructor(content, query, signal) {
    this.groups = null;
    this.open = new Set();
    this.filter = h("div", { class: "scroll-x" });
    this.search = h("input", {
      type: "search", id: "rule-search", placeholder: "Search rules", "aria-label": "Search rules", "data-shortcut": "search",
      oninput: () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => !signal.aborted && this.change({ q: this.search.value.trim() }), searchDelay);
      },
    });
    this.list = h("div", { class: "groups" }, loading());
    fill(content,
      pageHeader("Alerts"),
      h("div", { class: "toolbar" }, h("div", { class: "search" }, icon("search"), this.search)),
      this.filter, this.list);
    this.update(query);
    poll(() => this.refresh(signal), interval, signal);
  }

  update(query) {
    this.state = { state: query.get("state") ?? "", q: query.get("q") ?? "" };
    if (document.activeElement !== this.search) this.search.value = this.state.q;
    this.draw();
  }

  change(part) {
    replaceQuery({ ...this.state, ...part });
    this.update(currentRoute().query);
  }

  async refresh(signal) {
    try {
      this.groups = await ruleGroups(signal);
      // Drawing anew would take away what the reader is about to copy.
      if (!holdsSelection(this.list)) this.draw();
    } catch (error) {
      if (signal.aborted) return;
      if (!this.groups || !(error instanceof UnreachableError)) {
        this.groups = null;
        this.draw();
        fill(this.list, h("div", { class: "card" }, fault(error, () => this.refresh(signal))));
      }
    }
  }

  draw() {
    const rules = (this.groups ?? []).flatMap((group) => group.rules);
    const alerting = rules.filter((rule) => rule.type === "alerting");
    const counted = (state) => alerting.filter((rule) => rule.state === state).length;
    const recording = rules.length - alerting.length;
    const known = (value) => amount(this.groups ? value : null);
    const failing = rules.filter((rule) => rule.health === "err").length;
    fillKeepingFocus(this.filter, segments({
      label: "State",
      options: [
        ["", ["All", known(rules.length)]],
        ...states.map((state) => [state, [words(state), known(counted(state))]]),
        ...(recording || this.state.state === "recording" ? [["recording", ["Recording", amount(recording)]]] : []),
        ...(failing || this.state.state === "failing" ? [["failing", ["Failing", amount(failing)]]] : []),
      ],
      value: this.state.state,
      onchange: (state) => this.change({ state }),
    }));
    if (!this.groups) return;
    const groups = this.groups
      .map((group) => ({ ...group, rules: group.rules.filter((rule) => this.admits(rule)) }))
      .filter((group) => group.rules.length > 0)
      .sort((a, b) => worst(a) - worst(b) || a.name.localeCompare(b.name));
    fillKeepingFocus(this.list, groups.length > 0 ? groups.map((group) => this.group(group)) : this.empty(rules));
  }

  empty(rules) {
    if (rules.length === 0) {
      return emptyState("No rules are loaded", "Rule files are named by the setting rules.files.");
    }
    return h("div", { class: "card" }, emptyState("No rule matches",
      this.state.state === "firing" && !this.state.q ? "Nothing fires. That is good news." : "Look for something else, or at all rules.",
      h("a", { class: "button", href: "#/alerts" }, "All rules")));
  }

  admits(rule) {
    const { state, q } = this.state;
    const word = q.toLowerCase();
    const matches = !word || [rule.name, rule.query, ...Object.values(rule.labels ?? {})].some((text) => text.toLowerCase().includes(word));
    if (!matches) return false;
    if (state === "recording") return rule.type === "recording";
    if (state === "failing") return rule.health === "err";
    return !state || rule.state === state;
  }

  group(group) {
    const last = parseTime(group.lastEvaluation);
    const sorted = [...group.rules].sort((a, b) => (rank[a.state] ?? 3) - (rank[b.state] ?? 3));
    return h("section", { class: "card flush" },
      h("header", { class: "card-header" },
        h("h2", {}, group.name, h("span", { class: "card-note" }, group.file.split("/").at(-1))),
        h("p", { class: "muted small group-times" }, `every ${span(group.interval)}`,
          last ? [" · evaluated ", timeElement(last), ` in ${seconds(group.evaluationTime)}`] : " · not yet evaluated")),
      h("ul", { class: "rules" }, sorted.map((rule) => this.rule(group, rule))));
  }

  rule(group, rule) {
    const key = `${group.file}/${group.name}/${rule.name}/${rule.query}`;
    const isAlert = rule.type === "alerting";
    const alerts = [...(rule.alerts ?? [])].sort((a, b) => rank[a.state] - rank[b.state] || a.activeAt.localeCompare(b.activeAt));
    const first = alerts[0];
    const summary = h("summary", { "data-key": key },
      h("span", { class: "rule-state" }, rule.health === "err" ? badge("err", "bad", "Failing")
        : isAlert ? badge(rule.state) : badge("recording", "neutral", "Recording")),
      h("span", { class: "rule-name" }, h("span", {}, breakable(rule.name)),
        rule.labels?.severity ? h("span", { class: `mini severity-${rule.labels.severity}` }, rule.labels.severity) : null),
      h("span", { class: "rule-value" }, first
        ? alerts.length > 1 ? `${alerts.length} alerts` : number(parseNumber(first.value)) : ""),
      h("span", { class: "rule-since small muted" }, first ? ["since ", timeElement(first.activeAt)] : ""),
      icon("chevron"));
    return h("li", {}, h("details", {
      class: "rule",
      open: this.open.has(key),
      ontoggle: (event) => event.target.open ? this.open.add(key) : this.open.delete(key),
    }, summary, h("div", { class: "rule-body" }, this.body(rule, alerts))));
  }

  body(rule, alerts) {
    const notes = Object.entries(rule.annotations ?? {}).filter(([name]) => name !== "runbook_url");
    const facts = [
      rule.duration ? ["For", span(rule.duration)] : null,
      rule.keepFiringFor ? ["Keeps firing", span(rule.keepFiringFor)] : null,
      ["Last evaluated", timeElement(rule.lastEvaluation)],
      ["Took", seconds(rule.evaluationTime)],
      rule.annotations?.runbook_url ? ["Runbook", runbook(rule.annotations.runbook_url)] : null,
    ].filter(Boolean);
    return [
      rule.lastError ? h("p", { class: "form-fault" }, rule.lastError) : null,
      h("div", { class: "expression" }, h("pre", { class: "code" }, rule.query),
        h("a", { class: "button small", href: address(["query"], { expr: rule.query, tab: "chart" }) }, icon("query"), "Query")),
      alerts.length > 0 ? instances(alerts) : null,
      h("dl", { class: "inline-facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      // With alerts at hand, their labels and filled-in notes are above; what follows is the template.
      alerts.length === 0 ? labelList(rule.labels ?? {}) : null,
      alerts.length === 0 && notes.length > 0 ? h("dl", { class: "annotations" }, notes.map(([name, value]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value)))) : null,
    ];
  }
}

function holdsSelection(element) {
  const selection = getSelection();
  return selection.type === "Range" && element.contains(selection.anchorNode);
}

/** What fires comes first. */
const worst = (group) => Math.min(...group.rules.map((rule) => rule.health === "err" ? 0 : rank[rule.state] ?? 3), 2);

function instances(alerts) {
  return h("div", { class: "scroll-x" }, h("table", { class: "table compact instances" },
    h("thead", {}, h("tr", {}, ["State", "Alert", "Since", "Value"].map((name) =>
      h("th", { scope: "col", class: name === "Value" ? "numeric" : null }, name)))),
    h("tbody", {}, alerts.map((alert) => h("tr", {},
      h("td", {}, badge(alert.state)),
      h("td", {}, labelList(alert.labels, ["alertname"]) ?? "–",
        h("div", { class: "instance-notes" }, [alert.annotations.summary, alert.annotations.description].filter(Boolean)
          .map((text) => h("p", { class: "small muted" }, text)))),
      h("td", {}, timeElement(alert.activeAt)),
      h("td", { class: "numeric", title: alert.value }, number(parseNumber(alert.value))))))));
}

/** A runbook of this server opens here, whatever address notifications name it by; another address of the web elsewhere. */
function runbook(text) {
  const own = /#\/runbooks\/([a-z_]+)(?:\/([a-z]+))?$/.exec(text);
  if (own) return h("a", { href: address(["runbooks", ...own.slice(1).filter(Boolean)]) }, words(own[1]));
  return /^https?:\/\//.test(text) ? h("a", { href: text, rel: "noopener noreferrer", target: "_blank" }, text) : text;
}
