/* The thread beside the conversation: when it opens, closes, and what it shows. */

import { channel } from "./channel.js";
import { byId, find } from "./dom.js";
import { Pane } from "./pane.js";
import {
  app, changed, doingIn, here, identity, isHere, isReply, messagesWhere, threadMessages, threadOf, titleOf,
} from "./state.js";
import { words } from "./words.js";

export const thread = new Pane(byId("thread"));

export function renderThread() {
  const { conversation, thread: ts } = here;
  document.body.classList.toggle("with-thread", ts !== null);
  byId("thread").hidden = ts === null;
  if (ts === null) return;
  const place = { channel: conversation.id, thread_ts: ts };
  byId("thread-place").textContent = titleOf(conversation);
  thread.composer.moveTo(place, words.writeInThread);
  find(byId("thread"), ":scope > .doing").textContent = doingIn(place);
  thread.show(threadMessages(ts));
}

/** The address follows, so that the page can be loaded anew without losing its place. */
function setThread(ts) {
  here.thread = ts;
  here.tab = "messages";
  history.replaceState(null, "", `#${[here.conversation.id, ts].filter(Boolean).join("/")}`);
  changed();
}

export function showThread(ts) {
  setThread(ts);
  thread.goToEnd();
  if (threadCovers()) thread.composer.input.focus();
}

export function closeThread() {
  const hadFocus = byId("thread").contains(document.activeElement);
  const key = identity({ channel: here.conversation.id, ts: here.thread });
  setThread(null);
  if (!hadFocus) return;
  const root = channel.drawn().find(({ dataset }) => dataset.key === key);
  (root ? find(root, ".open-thread") : channel.composer.input).focus();
}

/** Open the thread of `message` where it is the answer that the person waits for. */
export function considerOpening(message) {
  const isElsewhere = !isHere(message) || here.tab !== "messages" || here.thread === message.thread_ts;
  if (!isElsewhere && answersNewestOwn(message) && !wouldDisturb()) showThread(message.thread_ts);
}

/** Only the first answer counts: a thread that was closed stays closed when more arrives. */
function answersNewestOwn(message) {
  const newest = messagesWhere((m) => isHere(m) && m.user === app.me).at(-1);
  if (!newest || message.user !== app.bot || !isReply(message)) return false;
  const later = threadMessages(threadOf(newest)).filter((m) => m.ts - newest.ts > 0);
  return later.find((m) => m.user === app.bot) === message;
}

const threadCovers = () => matchMedia("(max-width: 1000px)").matches; // as in style.css

/** A pane must not change under what someone is writing. */
function wouldDisturb() {
  return (here.thread !== null && !thread.composer.isEmpty) || (threadCovers() && !channel.composer.isEmpty);
}
