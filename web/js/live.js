// What happens on the platform, as it happens: one WebSocket for the whole page, which resumes where it broke off.
import { call, UnreachableError } from "./api.js";
import { connection, unreachableSince } from "./connection.js";
import { poll } from "./poll.js";
import { currentUser, may, session } from "./session.js";

const retryMin = 1000;
const retryMax = 30_000;
/** How often the server is asked for a sign, and how long that may take. */
const pingInterval = 20_000;
const pongTimeout = 10_000;
/** Events that come together are one reason to look again. */
const settle = 250;
/** How often a view asks all the same while it is told of everything. */
const intervalLive = 60_000;

/** Events: "changed", when {@link liveState} has. */
export const live = new EventTarget();

const subscribers = new Set();
let state = { name: "off", since: null };
let socket = null;
let position = null;
let lastSign = null;
let retry = retryMin;
let timer = null;
let watch = null;
let attempt = 0;

/**
 * How it stands: { name, since }. "live": all that happens is told; "stale": not since that time, and views ask every few
 * seconds instead; "off": nobody is signed in, or may not read what happens.
 */
export function liveState() { return state; }

/**
 * Calls back with the messages about some topics ("projects", "tasks", "agents", "users", "notifications", "system", "metrics",
 * or "activities" for all events), and with { type: "gap" } when something may have been missed. Returns how to end it.
 */
export function subscribe(topics, callback) {
  const subscriber = { topics: new Set(topics), callback };
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

/** Like poll, and at once when something happens under the topics; rarely by the clock while it is told of everything. */
export function pollLive(work, interval, signal, topics) {
  const poller = poll(work, () => state.name === "live" ? intervalLive : interval, signal);
  let isPaused = false;
  let soon = null;
  const end = subscribe(topics, () => {
    soon ??= setTimeout(() => {
      soon = null;
      if (!signal.aborted && !isPaused && !document.hidden) poller.now();
    }, settle);
  });
  live.addEventListener("changed", () => isPaused || !currentUser() || poller.now(), { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(soon);
    end();
  }, { once: true });
  return {
    now: poller.now,
    pause() { isPaused = true; poller.pause(); },
    resume() { isPaused = false; poller.resume(); },
  };
}

function become(name) {
  if (state.name === name) return;
  state = { name, since: name === "stale" ? lastSign ?? new Date() : null };
  live.dispatchEvent(new Event("changed"));
}

const topicOf = {
  project_update: "projects", task_update: "tasks", agent_update: "agents", user_update: "users", notification: "notifications",
  activity_update: "system", metrics_update: "metrics",
};

function receive(message) {
  if (Number.isInteger(message.position)) position = message.position;
  if (message.type === "gap") position = message.to;
  const isMissing = message.type === "gap" || message.type === "reset";
  const topic = topicOf[message.type];
  if (!topic && !isMissing) return;
  for (const { topics, callback } of subscribers) {
    if (isMissing || topics.has(topic) || (message.data?.kind && topics.has("activities"))) callback(message);
  }
}

async function connect() {
  clearTimeout(timer);
  attempt += 1;
  const own = attempt;
  const isOld = () => own !== attempt || !currentUser();
  if (socket || !currentUser() || !may("activities.read")) return;
  let ticket;
  try {
    ({ body: { ticket } } = await call("POST", "/api/v1/auth/tickets"));
  } catch (error) {
    if (isOld()) return;
    become("stale");
    // The page asks by itself whether the server is back.
    if (!(error instanceof UnreachableError) || !unreachableSince()) again();
    return;
  }
  if (isOld()) return;
  const query = new URLSearchParams({ ticket });
  if (position !== null) query.set("after", String(position));
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/ws/dashboard?${query}`);
  socket = opened;
  opened.addEventListener("message", (event) => {
    if (socket !== opened) return;
    lastSign = new Date();
    let message;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (message.type === "welcome") {
      retry = retryMin;
      become("live");
      keepAlive(opened);
    }
    receive(message);
  });
  opened.addEventListener("close", () => lost(opened));
}

/** A network that is gone says nothing: without a sign in time the connection is given up. */
function keepAlive(opened) {
  clearInterval(watch);
  let asked = null;
  watch = setInterval(() => {
    const silence = Date.now() - lastSign.getTime();
    if (asked !== null && lastSign.getTime() < asked && Date.now() - asked >= pongTimeout) {
      opened.close();
      lost(opened);
    } else if (silence >= pingInterval && (asked === null || lastSign.getTime() >= asked)) {
      asked = Date.now();
      opened.send('{"type":"ping"}');
    }
  }, 2000);
}

function lost(opened) {
  if (socket !== opened) return;
  socket = null;
  clearInterval(watch);
  if (!currentUser()) return;
  become("stale");
  again();
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(connect, retry * (0.5 + Math.random() / 2));
  retry = Math.min(retryMax, retry * 2);
}

function stop() {
  attempt += 1;
  clearTimeout(timer);
  clearInterval(watch);
  const opened = socket;
  socket = null;
  position = null;
  // One that is closed before it is open is an error on the console.
  if (opened?.readyState === WebSocket.CONNECTING) opened.addEventListener("open", () => opened.close(1000), { once: true });
  else opened?.close(1000);
  become("off");
}

session.addEventListener("changed", () => currentUser() ? connect() : stop());
session.addEventListener("expired", stop);
connection.addEventListener("restored", () => {
  retry = retryMin;
  if (!socket) connect();
});
