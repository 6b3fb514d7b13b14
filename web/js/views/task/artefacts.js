// The files that a task's attempts left.
import { download, UnreachableError } from "../../api.js";
import { copy, save } from "../../clipboard.js";
import { fillKeepingFocus, h } from "../../dom.js";
import { bytes, count, percent } from "../../format.js";
import { icon } from "../../icons.js";
import { card } from "../../parts.js";
import { artefactPath, isEnded, listArtefacts } from "../../tasks.js";
import { timeElement } from "../../time-element.js";
import { toast } from "../../toast.js";

export class ArtefactsCard {
  constructor(id, signal) {
    this.id = id;
    this.signal = signal;
    this.note = h("span", { class: "card-note" });
    this.list = h("ul", { class: "artefacts" });
    this.element = card({ hidden: true }, ["Artefacts", this.note], null, this.list);
  }

  async update(task) {
    // Nothing is left before the first attempt, nothing comes after the end, and a server without artefacts gets none.
    const moment = isEnded(task.status) ? `${task.attempt} ${task.status}` : null;
    if (task.attempt === 0 || this.isAbsent || (moment && this.moment === moment)) return;
    try {
      const items = await listArtefacts(this.id, this.signal);
      if (this.signal.aborted) return;
      this.moment = moment;
      this.isAbsent = items === null;
      this.draw(items ?? []);
    } catch (error) {
      // What was listed stays; the banner says when the server is gone.
      if (!this.signal.aborted && !(error instanceof UnreachableError)) console.warn(error);
    }
  }

  draw(items) {
    const text = JSON.stringify(items);
    if (text === this.text) return;
    this.text = text;
    this.element.hidden = items.length === 0;
    this.note.textContent = `${count(items.length, "file")}, ${bytes(items.reduce((sum, item) => sum + item.bytes, 0))}`;
    fillKeepingFocus(this.list, items.map((item) => this.item(item)));
  }

  item(artefact) {
    const { name, sha256, media_type: type } = artefact;
    return h("li", {},
      icon("file"),
      h("div", { class: "artefact-text" },
        h("p", { class: "artefact-name mono" }, name),
        h("p", { class: "small muted" }, [bytes(artefact.bytes), type, artefact.attempt ? `attempt ${artefact.attempt}` : null].filter(Boolean).join(" · "),
          artefact.created_at ? [" · ", timeElement(artefact.created_at)] : null),
        h("p", { class: "small muted" }, "SHA-256 ", h("code", { title: sha256 }, `${sha256.slice(0, 16)}…`),
          h("button", { type: "button", class: "icon-button small", title: "Copy the SHA-256", "aria-label": `Copy the SHA-256 of ${name}`,
            "data-key": `sha-${artefact.id}`, onclick: () => copy(sha256, "The SHA-256") }, icon("copy")))),
      artefact.complete === false
        ? h("span", { class: "mini" }, `${percent(artefact.offset / artefact.bytes)} sent`)
        : h("button", { type: "button", class: "icon-button", title: `Download ${name}`, "aria-label": `Download ${name}`, "data-key": `get-${artefact.id}`,
          onclick: (event) => this.fetch(artefact, event.currentTarget) }, icon("download")));
  }

  /** Fetched with the session's token, which a plain link would not send. */
  async fetch({ id, name }, button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      save(await download(artefactPath(this.id, id), this.signal), name.split("/").at(-1));
    } catch (error) {
      if (!this.signal.aborted) toast(`${name}: ${error.message}`, "fault");
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }
}
