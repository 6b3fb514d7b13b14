// The frame around every view: navigation, the user's menu, and the banner that says when the server is gone.
import { send } from "./api.js";
import { connection, lastAnswerAt, unreachableSince } from "./connection.js";
import { fill, h } from "./dom.js";
import { absoluteTime, clockTime, words } from "./format.js";
import { icon, mark } from "./icons.js";
import { live, liveState } from "./live.js";
import { currentUser, signOut } from "./session.js";
import { openShortcuts } from "./shortcuts.js";
import { chooseTheme, chosenTheme } from "./theme.js";
import { toast } from "./toast.js";
import { openPasswordForm } from "./views/password-form.js";

const places = [
  ["overview", "Overview"],
  ["projects", "Projects"],
  ["tasks", "Tasks"],
  ["agents", "Agents"],
  ["alerts", "Alerts"],
  ["query", "Query"],
];
/** How often a lost server is asked whether it is back. */
const probeInterval = 3000;

export class Shell {
  constructor(app) {
    this.controller = new AbortController();
    this.app = app;
    this.links = new Map();
    this.content = h("main", { id: "content", class: "content", tabindex: "-1" });
    this.liveNote = h("p", { class: "live-note muted small", role: "status" });
    this.banner = h("div", { class: "banner", role: "alert", hidden: true });
    fill(app, h("div", { class: "shell" },
      h("header", { class: "side" },
        h("a", { href: "#/overview", class: "brand" }, mark(), h("span", {}, "KaskManager")),
        this.navigation(),
        this.liveNote,
        this.userMenu()),
      h("div", { class: "stage" }, this.banner, this.content)));
    const { signal } = this.controller;
    connection.addEventListener("lost", () => this.showLoss(), { signal });
    connection.addEventListener("restored", () => this.showReturn(), { signal });
    document.addEventListener("click", (event) => this.closeMenu(event.target), { signal });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closeMenu(null);
    }, { signal });
    live.addEventListener("changed", () => this.drawLive(), { signal });
    this.drawLive();
    if (unreachableSince()) this.showLoss();
  }

  /** Whether what is shown follows what happens; while it does not, views ask every few seconds, and this says since when. */
  drawLive() {
    const { name, since } = liveState();
    this.liveNote.dataset.state = name;
    fill(this.liveNote, name === "off" ? [] : [h("span", { class: "live-dot", "aria-hidden": "true" }), name === "live" ? "Live"
      : h("span", {}, "Stale since ", h("time", { datetime: since.toISOString(), title: absoluteTime(since) }, clockTime(since)))]);
  }

  navigation() {
    const items = places.map(([name, text]) => {
      const link = h("a", { href: `#/${name}` }, icon(name), h("span", {}, text));
      this.links.set(name, link);
      return h("li", {}, link);
    });
    return h("nav", { class: "nav", "aria-label": "Main" }, h("ul", {}, items));
  }

  userMenu() {
    const user = currentUser();
    const name = user.display_name || user.username;
    const themes = h("div", { class: "segments theme-switch", role: "group", "aria-label": "Colour theme" });
    const draw = () => fill(themes, [["system", "system", "As the system"], ["light", "sun", "Light"], ["dark", "moon", "Dark"]]
      .map(([theme, image, text]) => h("button", {
        type: "button",
        title: text,
        "aria-label": text,
        "aria-pressed": String(chosenTheme() === theme),
        onclick: (event) => {
          chooseTheme(theme);
          const index = [...themes.children].indexOf(event.currentTarget);
          draw();
          themes.children[index]?.focus();
        },
      }, icon(image))));
    draw();
    return h("details", { class: "user" },
      h("summary", { "aria-label": `Menu of ${name}` },
        h("span", { class: "avatar", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?"),
        h("span", { class: "user-text" },
          h("span", { class: "user-name" }, name),
          h("span", { class: "muted small" }, user.username)),
        icon("chevron")),
      h("div", { class: "user-panel" },
        h("p", { class: "user-panel-name" }, name),
        h("p", { class: "user-panel-roles muted small" }, [user.username, ...(user.roles ?? []).map(words)].join(" · ")),
        themes,
        h("button", { type: "button", class: "menu-item wide-only", onclick: openShortcuts }, icon("keyboard"), "Shortcuts"),
        h("button", { type: "button", class: "menu-item", onclick: () => {
          // Focus goes back to the menu's button when the dialog closes.
          this.closeMenu(null);
          openPasswordForm();
        } }, icon("key"), "Change password"),
        h("button", { type: "button", class: "menu-item", onclick: leave }, icon("signOut"), "Sign out")));

    async function leave() {
      try {
        await signOut();
      } catch (error) {
        toast(`You are still signed in: ${error.message}`, "fault");
      }
    }
  }

  /** Closes the user's menu, unless the target is inside it. */
  closeMenu(target) {
    const menu = this.app.querySelector(".user[open]");
    if (!menu || (target && menu.contains(target))) return;
    const hadFocus = menu.contains(document.activeElement);
    menu.removeAttribute("open");
    if (hadFocus && !target) menu.querySelector("summary").focus();
  }

  /** Makes room for a view and marks its place in the navigation. */
  begin(name) {
    for (const [place, link] of this.links) {
      if (place === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.app.querySelector(".user")?.removeAttribute("open");
    fill(this.content);
    return this.content;
  }

  /** After a view is shown: title, focus and scroll as after loading a page. */
  settle() {
    const heading = this.content.querySelector("h1");
    document.title = heading ? `${heading.textContent} · KaskManager` : "KaskManager";
    window.scrollTo(0, 0);
    if (this.isSettled) heading?.focus({ preventScroll: true });
    this.isSettled = true;
  }

  showLoss() {
    const last = lastAnswerAt();
    const data = last ? [" What you see is stale since ", h("time", { datetime: last.toISOString(), title: absoluteTime(last) },
      clockTime(last)), "."] : [];
    fill(this.banner, icon("warning"),
      h("p", {}, h("strong", {}, "The server does not answer."), data, " Trying again every few seconds."),
      h("button", { type: "button", class: "button", onclick: () => this.probe() }, "Try now"));
    this.banner.hidden = false;
    this.content.classList.add("is-stale");
    clearInterval(this.timer);
    this.timer = setInterval(() => this.probe(), probeInterval);
  }

  showReturn() {
    clearInterval(this.timer);
    this.banner.hidden = true;
    this.content.classList.remove("is-stale");
    toast("The server is back.");
  }

  probe() {
    // Any answer will do; it reports itself to the connection.
    send("GET", "/api/v1/health/live", { timeout: 2500 }).catch(() => {});
  }

  dispose() {
    clearInterval(this.timer);
    this.controller.abort();
  }
}
