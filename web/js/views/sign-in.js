// The sign-in form.
import { ProblemError } from "../api.js";
import { fill, h } from "../dom.js";
import { icon, mark } from "../icons.js";
import { signIn } from "../session.js";

export function showSignIn(app, reason) {
  document.title = "Sign in · KaskManager";
  const fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  const username = h("input", {
    id: "username", name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true,
  });
  const password = h("input", {
    id: "password", name: "password", type: "password", autocomplete: "current-password", required: true,
  });
  const button = h("button", { type: "submit", class: "button primary large" }, "Sign in");
  const form = h("form", { class: "sign-in-form", onsubmit: submit },
    h("h1", {}, "Sign in"),
    reason ? h("p", { class: "notice", role: "status" }, icon("warning"), reason) : null,
    h("div", { class: "field" }, h("label", { for: "username" }, "Username"), username),
    h("div", { class: "field" }, h("label", { for: "password" }, "Password"), password),
    fault,
    button);
  fill(app, h("main", { class: "sign-in" },
    h("div", { class: "sign-in-brand" }, mark(), h("span", {}, "KaskManager")),
    form,
    h("p", { class: "muted small" }, "Projects, agents and their observability, in one place.")));
  username.focus();

  async function submit(event) {
    event.preventDefault();
    fault.hidden = true;
    button.disabled = true;
    fill(button, "Signing in…");
    try {
      await signIn(username.value, password.value);
    } catch (error) {
      button.disabled = false;
      fill(button, "Sign in");
      fault.hidden = false;
      fill(fault, explanation(error));
      password.select();
      password.focus();
    }
  }
}

function explanation(error) {
  if (!(error instanceof ProblemError)) return error.message;
  if (error.status === 401) return "The username or the password is wrong.";
  if (error.status === 429) return "There were too many attempts. Wait a little, then try again.";
  return error.message;
}
