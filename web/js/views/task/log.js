// The log of an attempt, live: the newest lines, older ones on demand.
import { copy, save } from "../../clipboard.js";
import { fill, h } from "../../dom.js";
import { icon } from "../../icons.js";
import { fault } from "../../parts.js";
import { readLog } from "../../tasks.js";
import { toast } from "../../toast.js";
import { lineElement, lineText } from "./log-line.js";
import { LogWindow, pageMax, tailStart } from "./log-window.js";

/** How long the server may hold a question for the next lines, in seconds. */
const wait = 20;
const retryDelay = 3000;
/** From how many pixels above the end one still counts as reading the end. */
const nearEnd = 24;

export class LogCard {
  constructor(id, signal) {
    this.id = id;
    this.signal = signal;
    this.window = new LogWindow();
    this.isFollowing = true;
    this.lines = h("div", { class: "log-lines" });
    this.older = h("button", { type: "button", class: "button small log-older", hidden: true, onclick: () => this.loadOlder() }, "Older lines");
    this.newer = h("button", { type: "button", class: "button small log-newer", hidden: true, onclick: () => this.start() }, "To the newest lines");
    this.end = h("p", { class: "log-end muted", role: "status" });
    this.view = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": "Log", tabindex: "0", onscroll: () => this.scrolled() },
      this.older, this.lines, this.newer, this.end);
    this.chooser = h("select", { "aria-label": "Attempt", class: "log-attempt", onchange: (event) => this.choose(Number(event.target.value)) });
    this.follow = h("button", { type: "button", class: "button small live", onclick: () => this.setFollowing(!this.isFollowing) },
      h("span", { class: "live-dot", "aria-hidden": "true" }), "Follow");
    this.element = h("section", { class: "card flush log-card", hidden: true },
      h("header", { class: "card-header" }, h("h2", {}, "Log"), h("div", { class: "log-tools" }, this.chooser, this.follow,
        tool("copy", "Copy these lines", () => copy(this.window.lines.map(lineText).join("\n"), "The log")),
        tool("download", "Download the whole log", (event) => this.download(event.currentTarget)))),
      this.view);
    this.setFollowing(true);
    signal.addEventListener("abort", () => this.running?.abort(), { once: true });
  }

  update(task) {
    if (task.attempt === 0 || this.isAbsent) return;
    this.name = task.name;
    const known = task.attempts.map(({ number }) => number);
    if (known.join() !== this.known) {
      this.known = known.join();
      // Whoever reads the newest attempt goes on to the next one.
      const isNewest = this.attempt === undefined || this.attempt === this.newest;
      this.newest = known.at(-1);
      fill(this.chooser, [...known].reverse().map((number) => h("option", { value: String(number) }, `Attempt ${number}`)));
      this.chooser.hidden = known.length < 2;
      if (isNewest) this.choose(this.newest);
      this.chooser.value = String(this.attempt);
    }
  }

  choose(attempt) {
    this.attempt = attempt;
    this.start();
  }

  /** Begins anew with the newest lines, and goes on with what comes. */
  start() {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.window.clear();
    /** The last line that came, also when it is not at hand any more. */
    this.tail = 0;
    fill(this.lines);
    fill(this.end);
    this.setFollowing(true);
    this.run(running.signal);
  }

  async run(signal) {
    let page = null;
    while (!signal.aborted) {
      try {
        page = page === null ? await this.seek(signal) : await this.ask(this.tail, pageMax, wait, signal);
        if (signal.aborted) return;
        if (page === null) {
          this.isAbsent = true;
          return;
        }
        this.show(page);
        if (page.ended && page.items.length < pageMax) return;
      } catch (error) {
        if (signal.aborted) return;
        if (this.window.lines.length === 0) fill(this.end, fault(error, () => this.start()));
        await new Promise((resolve) => { setTimeout(resolve, retryDelay); });
      }
    }
  }

  /** The first page; of a long log the one with which its last lines begin. Null where the server keeps no logs. */
  async seek(signal) {
    const first = await this.ask(0, pageMax, 0, signal);
    if (first === null || first.items.length < pageMax) return first;
    const hasAfter = async (sequence) => (await this.ask(sequence, 1, 0, signal)).items.length > 0;
    const start = await tailStart(hasAfter, first.next_after);
    if (start === 0) return first;
    this.window.hasOlder = true;
    return this.ask(start, pageMax, 0, signal);
  }

  ask(after, limit, seconds, signal) {
    return readLog(this.id, { attempt: this.attempt, after, limit, wait: seconds }, signal);
  }

  show({ items, next_after: next, ended, dropped }) {
    this.element.hidden = false;
    this.tail = next;
    // Lines between what is shown and the end are not at hand: the reader went back.
    if (!this.window.hasNewer) {
      const change = this.window.append(items);
      this.lines.append(...change.added.map(lineElement));
      for (let index = 0; index < change.dropped; index += 1) this.lines.firstElementChild?.remove();
    }
    this.drawEnds();
    const parts = [
      this.window.lines.length === 0 ? (ended ? "This attempt wrote nothing." : "Nothing yet: lines appear as the agent sends them.") : "",
      dropped > 0 ? `${dropped.toLocaleString("en")} lines were not kept: the log is full.` : "",
      ended && this.window.lines.length > 0 ? "The attempt has ended." : "",
    ];
    fill(this.end, parts.filter(Boolean).join(" "));
    this.follow.disabled = ended;
    if (this.isFollowing) this.view.scrollTop = this.view.scrollHeight;
  }

  drawEnds() {
    this.older.hidden = !this.window.hasOlder;
    this.newer.hidden = !this.window.hasNewer;
  }

  async loadOlder() {
    this.setFollowing(false);
    this.older.disabled = true;
    try {
      const { first } = this.window;
      const { items } = await this.ask(Math.max(0, first - 1 - pageMax), pageMax, 0, this.signal);
      const read = this.lines.firstElementChild;
      const top = read?.getBoundingClientRect().top;
      const { added, dropped } = this.window.prepend(items);
      this.lines.prepend(...added.map(lineElement));
      for (let index = 0; index < dropped; index += 1) this.lines.lastElementChild?.remove();
      this.drawEnds();
      // The line that was read stays where it was.
      if (read) this.view.scrollTop += read.getBoundingClientRect().top - top;
    } catch (error) {
      if (!this.signal.aborted) toast(error.message, "fault");
    } finally {
      this.older.disabled = false;
    }
  }

  setFollowing(isFollowing) {
    this.isFollowing = isFollowing;
    this.follow.setAttribute("aria-pressed", String(isFollowing));
    this.follow.title = isFollowing ? "The newest line stays in sight; press to hold the log still" : "Held still; press to follow the newest line";
    if (!isFollowing) return;
    if (this.window.hasNewer) this.start();
    else this.view.scrollTop = this.view.scrollHeight;
  }

  /** Who scrolls up wants to read; who comes back to the end follows again. */
  scrolled() {
    const isAtEnd = this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < nearEnd;
    const isUp = this.view.scrollTop < (this.top ?? 0);
    this.top = this.view.scrollTop;
    if (isAtEnd !== this.isFollowing && (isAtEnd ? !this.window.hasNewer : isUp)) this.setFollowing(isAtEnd);
  }

  async download(button) {
    button.disabled = true;
    try {
      const texts = [];
      let after = 0;
      for (;;) {
        const { items, next_after: next } = await this.ask(after, pageMax, 0, this.signal);
        texts.push(...items.map((line) => `${lineText(line)}\n`));
        if (items.length < pageMax) break;
        after = next;
      }
      save(new Blob(texts, { type: "text/plain" }), `${this.name.replaceAll(/[^\w.-]+/g, "-")}-${this.attempt}.log`);
    } catch (error) {
      if (!this.signal.aborted) toast(error.message, "fault");
    } finally {
      button.disabled = false;
    }
  }
}

const tool = (image, text, onclick) => h("button", { type: "button", class: "icon-button", title: text, "aria-label": text, onclick }, icon(image));
