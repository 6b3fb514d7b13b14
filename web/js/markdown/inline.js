// What stands inside a line of Markdown: code, emphasis, links, line breaks.
import { h } from "../dom.js";

/** How many emphases may be open at once, so that the tree of elements stays flat. */
const openMax = 12;
const linkTextMax = 1000;

const special = /[\\`*_[!<\n]|https?:\/\//g;
const punctuation = /[!-/:-@[-`{-~]/;
const space = /\s|^$/;
const destination = /\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+"[^"\n]*")?\s*\)/y;
const bracketed = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/y;
const bare = /https?:\/\/[^\s<>"`\]]+/y;

/** Nodes for a text. Inside a link there is no other. */
export function inline(text, mayLink = true) {
  const tokens = [];
  let plain = "";
  let at = 0;
  const put = (token, end) => {
    if (plain) tokens.push(plain);
    plain = "";
    tokens.push(token);
    at = end;
  };
  while (at < text.length) {
    special.lastIndex = at;
    const next = special.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
    if (at === text.length) break;
    const found = read(text, at, mayLink);
    if (found?.node !== undefined) put(found.node, found.end);
    else {
      const end = found?.end ?? at + 1;
      plain += found?.text ?? text.slice(at, end);
      at = end;
    }
  }
  if (plain) tokens.push(plain);
  return emphasized(tokens);
}

/** What begins at a special character: { node, end }, { text, end }, or null when it is only a character. */
function read(text, at, mayLink) {
  switch (text[at]) {
    case "\\": return escaped(text, at);
    case "`": return code(text, at);
    case "*": case "_": return run(text, at);
    // Who does not know Markdown expects a line to end where it ends.
    case "\n": return { node: h("br"), end: at + 1 };
    case "[": return mayLink ? link(text, at) : null;
    case "!": return mayLink && text[at + 1] === "[" ? link(text, at + 1) : null;
    case "<": return mayLink ? address(bracketed, text, at, 1) : null;
    default: return mayLink && !/\w/.test(text[at - 1] ?? "") ? address(bare, text, at, 0) : null;
  }
}

function escaped(text, at) {
  const next = text[at + 1] ?? "";
  if (next === "\n") return { node: h("br"), end: at + 2 };
  return punctuation.test(next) ? { text: next, end: at + 2 } : null;
}

function lengthOfRun(text, at) {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

function code(text, at) {
  const size = lengthOfRun(text, at);
  for (let end = text.indexOf("`", at + size); end >= 0;) {
    const found = lengthOfRun(text, end);
    if (found === size) {
      const inner = text.slice(at + size, end).replaceAll("\n", " ");
      const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
      return { node: h("code", {}, isPadded ? inner.slice(1, -1) : inner), end: end + size };
    }
    end = text.indexOf("`", end + found);
  }
  return { text: text.slice(at, at + size), end: at + size };
}

/** A run of * or _, which may open or close emphasis by what stands beside it (CommonMark 6.2). */
function run(text, at) {
  const count = lengthOfRun(text, at);
  const end = at + count;
  if (count > 3) return { text: text.slice(at, end), end };
  const before = text[at - 1] ?? "";
  const after = text[end] ?? "";
  const opens = !space.test(after) && (!punctuation.test(after) || space.test(before) || punctuation.test(before));
  const closes = !space.test(before) && (!punctuation.test(before) || space.test(after) || punctuation.test(after));
  const isWord = text[at] === "_";
  return {
    node: {
      character: text[at],
      count,
      opens: opens && (!isWord || !closes || punctuation.test(before)),
      closes: closes && (!isWord || !opens || punctuation.test(after)),
    },
    end,
  };
}

function link(text, open) {
  const close = closingBracket(text, open);
  if (close < 0) return null;
  destination.lastIndex = close + 1;
  const match = destination.exec(text);
  const url = match && safeURL(match[1]);
  if (!url) return null;
  const content = inline(text.slice(open + 1, close), false);
  return { node: anchor(url, content.length > 0 ? content : [url.href]), end: destination.lastIndex };
}

function closingBracket(text, open) {
  let depth = 0;
  for (let at = open; at < Math.min(text.length, open + linkTextMax); at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") depth += 1;
    else if (text[at] === "]" && (depth -= 1) === 0) return at;
  }
  return -1;
}

function address(pattern, text, at, margin) {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (!match) return null;
  const shown = margin ? match[1] : withoutEnd(match[0]);
  const url = safeURL(shown);
  return url ? { node: anchor(url, [shown.replace(/^mailto:/, "")]), end: at + shown.length + 2 * margin } : null;
}

/** A sentence's full stop or closing bracket after an address is not part of it. */
function withoutEnd(text) {
  let end = text.length;
  while (/[.,;:!?'*_]/.test(text[end - 1]) || (text[end - 1] === ")" && !text.slice(0, end).includes("("))) end -= 1;
  return text.slice(0, end);
}

/** Only what leads to a page or a letter: no script, no file, no address within this page that pretends to be part of it. */
function safeURL(text) {
  if (!/^(https?:\/\/|mailto:)/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text);
}

function anchor(url, content) {
  const isLetter = url.protocol === "mailto:";
  return h("a", {
    href: url.href,
    title: url.href,
    rel: "noopener noreferrer nofollow",
    target: isLetter ? null : "_blank",
  }, content);
}

/** Pairs the runs of * and _ among the tokens. */
function emphasized(tokens) {
  const out = [];
  const open = [];
  for (const token of tokens) {
    if (token.character === undefined) {
      out.push(token);
      continue;
    }
    while (token.closes && token.count > 0) {
      const index = open.findLastIndex((opener) => opener.character === token.character);
      if (index < 0) break;
      const opener = open[index];
      open.length = index + 1;
      const size = Math.min(2, opener.count, token.count);
      const inner = out.splice(opener.position + 1).map(asText);
      opener.count -= size;
      token.count -= size;
      if (opener.count === 0) {
        out.pop();
        open.pop();
      }
      out.push(h(size === 2 ? "strong" : "em", {}, inner));
    }
    if (token.count === 0) continue;
    if (token.opens && open.length < openMax) {
      token.position = out.length;
      open.push(token);
    }
    out.push(token);
  }
  return out.map(asText);
}

const asText = (token) => token.character === undefined ? token : token.character.repeat(token.count);
