// The blocks of a Markdown text: headings, lists, quotes, code, rules, paragraphs.
import { h } from "../dom.js";
import { inline } from "./inline.js";

/** Deeper quotes and lists are plain text: a text of nothing but ">" must not become a tree that a browser cannot lay out. */
const depthMax = 6;
/** The page and the card around the text have the first two levels. */
const headingOffset = 2;

const fence = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const heading = /^ {0,3}(#{1,6})(?= |\t|$)/;
const rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const quote = /^ {0,3}> ?/;
const marker = /^ {0,3}(?:[-*+]|(\d{1,9})[.)])(?: {1,4}|$)/;

const isBlank = (line) => line.trim() === "";
const indentOf = (line) => line.length - line.trimStart().length;

/** Elements for lines. */
export function blocks(source, depth) {
  const lines = source.map(spaced);
  const elements = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let end = at + 1;
    if (isBlank(line)) {
      at = end;
      continue;
    }
    if (fence.test(line)) {
      const close = closingFence(lines, at);
      elements.push(code(lines.slice(at + 1, close), indentOf(line)));
      end = close + 1;
    } else if (heading.test(line)) {
      elements.push(titled(line));
    } else if (rule.test(line)) {
      elements.push(h("hr"));
    } else if (depth < depthMax && quote.test(line)) {
      while (end < lines.length && quote.test(lines[end])) end += 1;
      elements.push(h("blockquote", {}, blocks(lines.slice(at, end).map((text) => text.replace(quote, "")), depth + 1)));
    } else if (depth < depthMax && marker.test(line)) {
      const found = list(lines, at, depth);
      elements.push(found.element);
      end = found.end;
    } else {
      while (end < lines.length && !isBlank(lines[end]) && !interrupts(lines[end], depth)) end += 1;
      elements.push(h("p", {}, inline(lines.slice(at, end).map((text) => text.trimStart()).join("\n").trimEnd())));
    }
    at = end;
  }
  return elements;
}

/** A tab at the beginning of a line reaches to the next multiple of four. */
function spaced(line) {
  const begin = line.slice(0, indentOf(line));
  if (!begin.includes("\t")) return line;
  let width = 0;
  for (const character of begin) width += character === "\t" ? 4 - (width % 4) : 1;
  return " ".repeat(width) + line.slice(begin.length);
}

/** Whether a line ends the paragraph before it. A number other than one does not: "… was founded in\n1998. Since then …". */
function interrupts(line, depth) {
  if (fence.test(line) || heading.test(line) || rule.test(line)) return true;
  if (depth >= depthMax) return false;
  if (quote.test(line)) return true;
  const match = marker.exec(line);
  return match !== null && match[0].length < line.length && (match[1] === undefined || match[1] === "1");
}

/** Where a fence closes; behind the last line when it never does. */
function closingFence(lines, at) {
  const [, open] = fence.exec(lines[at]);
  for (let end = at + 1; end < lines.length; end += 1) {
    const text = lines[end].trim();
    if (text.length >= open.length && text === open[0].repeat(text.length)) return end;
  }
  return lines.length;
}

function code(lines, indent) {
  const text = lines.map((line) => line.slice(Math.min(indent, indentOf(line)))).join("\n");
  // A wide line scrolls, which the keyboard can do only where the focus may go.
  return h("pre", { class: "code", tabindex: "0" }, h("code", {}, text));
}

function titled(line) {
  const [whole, marks] = heading.exec(line);
  let text = line.slice(whole.length).trim();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  if (end === 0 || text[end - 1] === " ") text = text.slice(0, end).trimEnd();
  return h(`h${Math.min(6, marks.length + headingOffset)}`, {}, inline(text));
}

function list(lines, begin, depth) {
  const [, number] = marker.exec(lines[begin]);
  const isOrdered = number !== undefined;
  const items = [];
  let at = begin;
  while (at < lines.length) {
    const match = marker.exec(lines[at]);
    if (!match || (match[1] !== undefined) !== isOrdered || rule.test(lines[at])) break;
    const end = endOfItem(lines, at, depth);
    const width = match[0].length;
    const content = [lines[at].slice(width), ...lines.slice(at + 1, end).map((line) => line.slice(Math.min(width, indentOf(line))))];
    while (content.length > 1 && isBlank(content.at(-1))) content.pop();
    items.push(h("li", {}, item(content, depth)));
    at = end;
  }
  const start = isOrdered && number !== "1" ? Number(number) : null;
  return { element: h(isOrdered ? "ol" : "ul", { start }, items), end: at };
}

/** An item goes on with lines that are indented, and with those that continue its last paragraph. */
function endOfItem(lines, begin, depth) {
  let end = begin + 1;
  while (end < lines.length) {
    let next = end;
    while (next < lines.length && isBlank(lines[next])) next += 1;
    if (next === lines.length) return end;
    const line = lines[next];
    if (indentOf(line) < 2) {
      // After blank lines only another item of the list is left, and that is the list's business.
      if (next > end) return marker.test(line) ? next : end;
      if (interrupts(line, depth) || marker.test(line)) return end;
    }
    end = next + 1;
  }
  return end;
}

/** Without blank lines an item's text stands in it without a paragraph's distances. */
function item(content, depth) {
  const elements = blocks(content, depth + 1);
  if (content.some(isBlank)) return elements;
  return elements.flatMap((element) => element.tagName === "P" ? [...element.childNodes] : [element]);
}
