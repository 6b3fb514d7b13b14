// Markdown to elements. Whoever wrote it may be hostile: text becomes text nodes, HTML in it stays text, and images become links,
// since the page asks no other host for anything.
import { h } from "./dom.js";
import { blocks } from "./markdown/blocks.js";

/** A text in Markdown as an element: headings, lists, quotes, code, emphasis, links. */
export function markdown(text) {
  return h("div", { class: "prose" }, blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0));
}
