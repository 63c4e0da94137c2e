/* For who reads: a log stays at its end, and what has come to rest is read aloud. */

import { byId, find } from "./dom.js";
import { app, identity, messages, userOf } from "./state.js";

const NEAR_BOTTOM = 40; // pixels that still count as "at the bottom"
const AT_REST = 1500; // milliseconds without an edit before a message is read aloud

/** Keep a log at its end while the reader is there; returns a way to go back to the end. */
export function followEnd(log) {
  let following = true;
  let last = 0;
  const toEnd = () => {
    if (following) log.scrollTop = log.scrollHeight;
  };
  log.addEventListener("scroll", () => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM;
    // Text may have grown since our own scrolling: only scrolling up lets go.
    following = atEnd || (following && log.scrollTop >= last);
    last = log.scrollTop;
  });
  const watcher = new ResizeObserver(toEnd);
  watcher.observe(log);
  watcher.observe(log.firstElementChild);
  return () => {
    following = true;
    toEnd();
  };
}

const timers = new Map(); // identity -> timer of the message that may still change

export function announceAtRest(message) {
  const key = identity(message);
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => announce(key), AT_REST));
}

/** Read aloud what is on the screen; the person's own words need no echo. */
function announce(key) {
  timers.delete(key);
  const message = messages.get(key);
  const drawn = [...document.querySelectorAll(".message")].filter(({ dataset }) => dataset.key === key);
  const blocks = drawn.map((element) => find(element, ".blocks")).find((element) => element.checkVisibility());
  if (!message || message.user === app.me || !blocks) return;
  byId("announcer").textContent = `${userOf(message.user).name}: ${blocks.innerText}`;
}
