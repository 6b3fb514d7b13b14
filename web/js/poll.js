// Repeats a piece of work while its view is shown.
import { connection } from "./connection.js";
import { SignedOutError } from "./session.js";

/**
 * Runs work(signal) now and again `interval` ms (a number, or what a function says) after each end, until the signal aborts. Rests while the page is hidden, and
 * runs at once when it is shown again or the server is back. Returns { now(), pause(), resume() }.
 */
export function poll(work, interval, signal) {
  let timer = null;
  let isRunning = false;
  let isPaused = false;
  let isWanted = false;

  async function run() {
    clearTimeout(timer);
    if (signal.aborted) return;
    if (isRunning) {
      isWanted = true;
      return;
    }
    isRunning = true;
    isWanted = false;
    try {
      await work(signal);
    } catch (error) {
      // The work shows its own errors; what is left here is the end of the view or of the session.
      if (!signal.aborted && !(error instanceof SignedOutError)) console.warn(error);
    } finally {
      isRunning = false;
    }
    if (isWanted) run();
    else schedule();
  }

  function schedule() {
    clearTimeout(timer);
    if (!signal.aborted && !isPaused && !document.hidden) timer = setTimeout(run, typeof interval === "function" ? interval() : interval);
  }

  document.addEventListener("visibilitychange", () => document.hidden || isPaused ? clearTimeout(timer) : run(), { signal });
  connection.addEventListener("restored", () => isPaused || run(), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  run();
  return {
    now: run,
    pause() { isPaused = true; clearTimeout(timer); },
    resume() { isPaused = false; run(); },
  };
}
