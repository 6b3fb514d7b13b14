// A window that lists the metrics that can be asked for.
import { openDialog } from "../../dialog.js";
import { fill, h } from "../../dom.js";
import { count } from "../../format.js";
import { emptyState, fault, loading } from "../../parts.js";
import { metadata, metricNames } from "../../prometheus.js";

const shownMax = 200;

export function openMetricBrowser(onchosen) {
  const search = h("input", {
    type: "search", placeholder: "Part of a name or of its meaning", "aria-label": "Search metrics", oninput: draw,
  });
  const list = h("div", { class: "metric-list" }, loading());
  const note = h("p", { class: "muted small", role: "status" });
  let metrics = [];
  const dialog = openDialog({ title: "Metrics", wide: true, content: [search, list, note] });
  search.focus();
  load();

  async function load() {
    try {
      const [names, known] = await Promise.all([metricNames(), metadata()]);
      metrics = names.map((name) => ({ name, ...(describe(name, known)) }));
      draw();
    } catch (error) {
      fill(list, fault(error, load));
    }
  }

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = metrics.filter(({ name, help }) => {
      const text = `${name} ${help}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    fill(list, found.length === 0 ? emptyState("No metric matches", "Try fewer letters.")
      : h("ul", {}, found.slice(0, shownMax).map((metric) => h("li", {}, h("button", {
        type: "button", class: "metric",
        onclick: () => {
          dialog.close();
          onchosen(metric.name);
        },
      }, h("span", { class: "metric-title" }, h("code", {}, metric.name), metric.type ? h("span", { class: "mini" }, metric.type) : null),
      metric.help ? h("span", { class: "muted small" }, metric.help) : null)))));
    const all = count(found.length, "metric");
    note.textContent = found.length > shownMax ? `${shownMax} of ${all} are shown.` : all;
  }
}

/** The series of a histogram or summary are described under their family's name. */
function describe(name, known) {
  const family = known[name] ?? known[name.replace(/_(bucket|count|sum|total)$/, "")];
  return { type: family?.[0]?.type ?? "", help: family?.[0]?.help ?? "" };
}
