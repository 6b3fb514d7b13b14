// The overview: how the platform is, what fires, live charts, what happened lately.
import { fill, h } from "../dom.js";
import { pollLive } from "../live.js";
import { poll } from "../poll.js";
import { pageHeader, segments } from "../parts.js";
import { replaceQuery } from "../router.js";
import { may } from "../session.js";
import { ActivityCard } from "./overview/activity.js";
import { ChartCards } from "./overview/charts.js";
import { HealthCards } from "./overview/health.js";
import { Tiles } from "./overview/tiles.js";

const ranges = [["300", "5 min"], ["900", "15 min"], ["3600", "1 h"], ["7200", "2 h"]];
const rangeDefault = "900";
const interval = 5000;

export function show(content, { query, signal }) {
  let range = ranges.some(([value]) => value === query.get("range")) ? query.get("range") : rangeDefault;
  const chooser = h("div");
  const live = h("button", { type: "button", class: "button live", onclick: toggleLive });
  let isLive = true;
  const charts = may("metrics.query") ? new ChartCards(signal) : null;
  const tiles = new Tiles();
  const health = new HealthCards(tiles);
  const activity = may("activities.read") ? new ActivityCard() : null;

  function drawChooser() {
    fill(chooser, segments({
      label: "Time range",
      options: ranges,
      value: range,
      onchange(value) {
        range = value;
        replaceQuery({ range: value === rangeDefault ? "" : value });
        drawChooser();
        chooser.querySelector("[aria-pressed='true']")?.focus();
        charting?.now();
      },
    }));
  }

  function drawLive() {
    live.setAttribute("aria-pressed", String(isLive));
    live.title = isLive ? "New values every 5 seconds; press to hold the page still" : "Held still; press to go on";
    fill(live, h("span", { class: "live-dot", "aria-hidden": "true" }), isLive ? "Live" : "Held");
  }

  function toggleLive() {
    isLive = !isLive;
    drawLive();
    for (const poller of pollers) isLive ? poller.resume() : poller.pause();
  }

  drawChooser();
  drawLive();
  fill(content,
    pageHeader("Overview", live, charts ? chooser : null),
    tiles.element,
    health.alertsElement,
    charts?.element,
    h("div", { class: "columns" }, health.element, activity?.element));

  const charting = charts ? poll(() => charts.refresh(Number(range), signal), interval, signal) : null;
  const pollers = [
    charting,
    poll(() => health.refresh(signal), interval, signal),
    activity ? pollLive(() => activity.refresh(signal), interval, signal, ["activities"]) : null,
  ].filter(Boolean);
}
