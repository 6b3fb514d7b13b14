// Who is signed in. The access token lives in memory alone; the refresh token in a cookie that scripts cannot read.
import { ProblemError, send, setAuthorization } from "./api.js";
import { read, write } from "./storage.js";

/** Events: "changed" (signed in or out), "expired" (the server no longer knows the session). */
export const session = new EventTarget();

/** The session is over, and the page shows the sign-in form. */
export class SignedOutError extends Error {
  constructor() { super("You are signed out."); }
}

const clientHeader = { "X-Kaskman-Client": "web" };
/** Says that a session may exist, so that a first visit does not ask for one in vain. */
const hintKey = "session";
const channel = "BroadcastChannel" in window ? new BroadcastChannel("kaskman-session") : null;

let token = null;
let user = null;
let renewal = null;
let timer = null;

export function currentUser() { return user; }

export function may(permission) { return user?.permissions?.includes(permission) ?? false; }

setAuthorization({
  token: async () => token ?? await renewOwn(),
  // Another request may have renewed it meanwhile.
  renewedToken: async (refused) => token !== null && token !== refused ? token : await renewOwn(),
});

channel?.addEventListener("message", (event) => {
  if (event.data === "signed-out" && user) end("changed");
  if (event.data === "signed-in" && !user) resume().catch(() => {});
});

/** Takes up the session of the cookie, if there is one. */
export async function resume() {
  if (!read(hintKey)) return;
  try {
    await renew();
    await identify();
    session.dispatchEvent(new Event("changed"));
  } catch (error) {
    if (!(error instanceof SignedOutError)) throw error;
  }
}

export async function signIn(username, password) {
  const { body } = await send("POST", "/api/v1/auth/login", {
    json: { username, password },
    headers: clientHeader,
    cookies: true,
  });
  accept(body);
  await identify();
  write(hintKey, "1");
  channel?.postMessage("signed-in");
  session.dispatchEvent(new Event("changed"));
}

export async function signOut() {
  try {
    await send("POST", "/api/v1/auth/logout", { headers: clientHeader, cookies: true });
  } catch (error) {
    // An unknown session is over already; without an answer the cookie would stay, and the user must know.
    if (!(error instanceof ProblemError) || error.status !== 401) throw error;
  }
  channel?.postMessage("signed-out");
  end("changed");
}

async function identify() {
  user = (await send("GET", "/api/v1/users/me", { token })).body;
}

/** Who has signed out has no session to renew, whatever is still under way for the page that goes. */
async function renewOwn() {
  if (!user) throw new SignedOutError();
  return await renew();
}

/** One renewal at a time; whoever asks meanwhile waits for it. */
function renew() {
  renewal ??= renewOnce().finally(() => { renewal = null; });
  return renewal;
}

async function renewOnce() {
  try {
    const { body } = await send("POST", "/api/v1/auth/refresh", { headers: clientHeader, cookies: true });
    accept(body);
    return token;
  } catch (error) {
    if (!(error instanceof ProblemError) || ![400, 401, 403].includes(error.status)) throw error;
    end("expired");
    throw new SignedOutError();
  }
}

function accept(body) {
  token = body.access_token;
  clearTimeout(timer);
  const life = Math.max(10, Number(body.expires_in) || 60);
  // Early enough that no request meets an expired token; late enough that most of its life is used.
  timer = setTimeout(() => renew().catch(() => {}), (life - Math.min(60, life / 4)) * 1000);
}

function end(event) {
  clearTimeout(timer);
  token = null;
  user = null;
  write(hintKey, null);
  session.dispatchEvent(new Event(event));
}
