// Components, firing alerts, and the figures that come with them.
import { get, send, UnreachableError } from "../../api.js";
import { fillKeepingFocus, h } from "../../dom.js";
import { count, number, parseNumber, parseTime, span, words } from "../../format.js";
import { badge, breakable, card, fault, loading } from "../../parts.js";
import { activeAlerts } from "../../prometheus.js";
import { address } from "../../router.js";
import { may } from "../../session.js";
import { timeElement } from "../../time-element.js";
import { countOf, projectCounts, taskCounts } from "../projects/counts.js";

const order = { unhealthy: 0, degraded: 1, healthy: 2 };
const alertsMax = 6;

export class HealthCards {
  constructor(tiles) {
    this.tiles = tiles;
    this.list = h("div", {}, loading());
    this.note = h("span", { class: "card-note" });
    this.element = card({ class: "health-card" }, ["Components", this.note], null, this.list);
    this.alerts = h("div", {}, loading());
    // Before everything else when something fires; when nothing does, the tile says so.
    this.alertsElement = card({ class: "alerts-card", hidden: true }, "Active alerts",
      h("a", { href: "#/alerts", class: "card-link" }, "All rules"), this.alerts);
  }

  async refresh(signal) {
    await Promise.all([
      this.refreshComponents(signal),
      may("metrics.query") ? this.refreshAlerts(signal) : null,
      may("system.read") ? this.refreshStatus(signal) : null,
      may("metrics.query") ? this.refreshProjects(signal) : null,
      may("metrics.query") ? this.refreshTasks(signal) : null,
    ]);
  }

  async refreshComponents(signal) {
    try {
      const { body } = await send("GET", "/api/v1/health", { signal, accept: [503] });
      const components = [...body.components].sort((a, b) =>
        order[a.status] - order[b.status] || a.component.localeCompare(b.component));
      const well = components.filter((component) => component.status === "healthy").length;
      const tone = { healthy: "good", degraded: "warn", unhealthy: "bad" }[body.status];
      this.tiles.show("health", body.draining ? "Draining" : words(body.status),
        `${well} of ${count(components.length, "component")}`, tone);
      this.note.textContent = `${well} of ${components.length} healthy`;
      fillKeepingFocus(this.list, h("ul", { class: "components" }, components.map(component)));
    } catch (error) {
      this.refuse(this.list, error, signal);
    }
  }

  async refreshAlerts(signal) {
    try {
      const alerts = await activeAlerts(signal);
      const firing = alerts.filter((alert) => alert.state === "firing");
      const pending = alerts.length - firing.length;
      const tone = firing.length ? "bad" : pending ? "warn" : "good";
      this.tiles.show("alerts", firing.length === 0 ? "None firing" : `${firing.length} firing`,
        pending === 0 ? "none pending" : `${pending} pending`, tone,
        address(["alerts"], { state: firing.length ? "firing" : pending ? "pending" : "" }));
      this.alertsElement.hidden = alerts.length === 0;
      this.alertsElement.dataset.tone = tone;
      const sorted = [...alerts].sort((a, b) =>
        Number(b.state === "firing") - Number(a.state === "firing") || b.activeAt.localeCompare(a.activeAt));
      fillKeepingFocus(this.alerts, h("ul", { class: "alert-list" }, sorted.slice(0, alertsMax).map(alertItem),
        sorted.length > alertsMax
          ? h("li", { class: "more" }, h("a", { href: "#/alerts" }, `${sorted.length - alertsMax} more`))
          : null));
    } catch (error) {
      this.refuse(this.alerts, error, signal);
      if (this.alerts.querySelector(".fault")) this.alertsElement.hidden = false;
    }
  }

  async refreshStatus(signal) {
    try {
      const status = await get("/api/v1/status", { signal });
      const started = parseTime(status.started_at);
      this.tiles.show("uptime", span(status.uptime_seconds),
        h("span", { title: started ? `Started ${started.toLocaleString("en-GB")}` : null }, `version ${status.version}`));
    } catch {
      // The tile keeps what it had; the banner or the components tell why.
    }
  }

  async refreshProjects(signal) {
    try {
      const counts = await projectCounts(signal);
      if (!counts) return;
      this.tiles.show("projects", `${number(countOf(counts, "active"))} active`,
        `${number(countOf(counts, "pending"))} pending, ${number(countOf(counts, "paused"))} paused`, "",
        address(["projects"], { status: "active" }));
    } catch {
      // As above.
    }
  }

  async refreshTasks(signal) {
    try {
      const counts = await taskCounts(signal);
      if (!counts) return;
      const [running, queued, dead] = ["running", "queued", "dead"].map((status) => countOf(counts, status));
      this.tiles.show("tasks", `${number(running)} running`, `${number(queued)} queued, ${number(dead)} dead`, "",
        address(["tasks"], { status: running > 0 ? "running" : "" }));
    } catch {
      // As above.
    }
  }

  refuse(place, error, signal) {
    if (signal.aborted) return;
    const isEmpty = place.querySelector(".loading") !== null;
    if (isEmpty || !(error instanceof UnreachableError)) fillKeepingFocus(place, fault(error));
  }
}

function component({ component, status, state, restarts, reason, essential }) {
  const facts = [
    state !== "running" ? words(state) : null,
    restarts > 0 ? count(restarts, "restart") : null,
    reason || null,
  ].filter(Boolean);
  return h("li", { class: "component" },
    h("div", { class: "component-name" },
      h("span", {}, words(component)),
      essential ? h("span", { class: "mini", title: "Without it the server does not serve" }, "essential") : null),
    h("span", { class: "component-facts" }, facts.join(" · ")),
    badge(status));
}

function alertItem(alert) {
  const { alertname, severity } = alert.labels;
  const text = [alert.annotations.summary, alert.annotations.description].filter(Boolean).join(". ");
  return h("li", { class: "alert-item" },
    badge(alert.state),
    h("div", { class: "alert-text" },
      h("a", { href: address(["alerts"], { q: alertname }) }, breakable(alertname ?? "(no name)")),
      h("p", { class: "muted small", title: text }, text)),
    h("div", { class: "alert-side small muted" },
      severity ? h("span", { class: `mini severity-${severity}` }, severity) : null,
      h("span", {}, "since ", timeElement(alert.activeAt))),
    h("div", { class: "alert-value", title: `Value ${alert.value}` }, number(parseNumber(alert.value))));
}
