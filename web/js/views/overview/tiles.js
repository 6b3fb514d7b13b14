// The row of figures at the top of the overview.
import { fill, h } from "../../dom.js";

const names = [["health", "Health"], ["alerts", "Alerts"], ["projects", "Projects"], ["tasks", "Tasks"], ["uptime", "Uptime"]];

export class Tiles {
  constructor() {
    this.tiles = new Map(names.map(([key, title]) => {
      const value = h("p", { class: "tile-value" }, "–");
      const note = h("p", { class: "tile-note" }, "\u00a0");
      const element = h("div", { class: "tile" }, h("h2", { class: "tile-title" }, title), value, note);
      return [key, { element, value, note }];
    }));
    this.element = h("section", { class: "tiles", "aria-label": "Summary" },
      [...this.tiles.values()].map((tile) => tile.element));
  }

  /** Shows a figure; the tone colours it: good, warn, bad or none. */
  show(key, value, note, tone = "", href = null) {
    const tile = this.tiles.get(key);
    if (!tile) return;
    tile.element.dataset.tone = tone;
    fill(tile.value, href ? h("a", { href }, value) : value);
    fill(tile.note, note);
  }
}
