/* The page of the playground: one state, fed by server-sent events, drawn by render(). */

import { updateBlocks } from "./blocks.js";
import { channel, isTab, renderChannel } from "./channel.js";
import { choose, click } from "./clicks.js";
import { byId, fillWords } from "./dom.js";
import { isMenuOpen } from "./menu.js";
import { openMessageMenu } from "./message_menu.js";
import { Modal } from "./modal.js";
import { announceAtRest } from "./reading.js";
import { follow, post } from "./server.js";
import { language } from "./settings.js";
import { isSidebarShown, renderSidebar, showSidebar } from "./sidebar.js";
import { app, changed, drawWith, here, identity, isHere, messages, unseen } from "./state.js";
import { closeThread, considerOpening, renderThread, showThread, thread } from "./thread.js";
import { words } from "./words.js";

document.documentElement.lang = language;
fillWords(document);

const modal = new Modal(byId("modal"), post, updateBlocks);

drawWith(() => {
  renderSidebar();
  renderChannel();
  renderThread();
  modal.show(app.surroundings.modal);
});

// ---- What the server says --------------------------------------------------

function load({ messages: known, ...rest }) {
  Object.assign(app, rest);
  messages.clear();
  for (const message of known) messages.set(identity(message), message);
  byId("connection").textContent = "";
  chooseFromAddress();
}

function receive(event) {
  if (event.type === "surroundings") {
    app.surroundings = event.surroundings;
  } else if (event.type === "deleted") {
    messages.delete(identity(event));
    if (isHere(event) && event.ts === here.thread) closeThread();
  } else {
    const { message } = event;
    const before = messages.get(identity(message));
    messages.set(identity(message), message);
    if (!before && message.user !== app.me) noticeNew(message);
    if (JSON.stringify(before?.blocks) !== JSON.stringify(message.blocks)) announceAtRest(message);
    // Its link may have been followed before it came.
    if (!before && location.hash === `#${message.channel}/${message.ts}`) chooseFromAddress();
  }
  changed();
}

function noticeNew(message) {
  const isSeen = isHere(message) && here.tab === "messages";
  if (!isSeen) unseen.set(message.channel, (unseen.get(message.channel) ?? 0) + 1);
  considerOpening(message);
}

// ---- Moving about ----------------------------------------------------------

/** The address is #channel, #channel/thread or #channel/tab. */
function chooseFromAddress() {
  if (app.conversations.length === 0) return; // the address changed before the state came
  const before = here.conversation?.id;
  const [wanted, more] = location.hash.slice(1).split("/");
  here.conversation = app.conversations.find(({ id }) => id === wanted) ?? app.conversations[0];
  const { id, kind } = here.conversation;
  const tab = kind === "dm" && isTab(more) ? more : "messages";
  if (tab === "home" && here.tab !== "home") post("/page/home", {});
  here.tab = tab;
  here.thread = more ?? null;
  if (tab !== "messages" || !messages.has(identity({ channel: id, ts: here.thread }))) here.thread = null;
  if (tab === "messages") unseen.delete(id);
  changed();
  if (before === id) return;
  channel.goToEnd();
  thread.goToEnd();
  // Who went elsewhere while the page was loading stays there.
  if (before !== undefined || document.activeElement === document.body) channel.composer.input.focus();
}

addEventListener("hashchange", chooseFromAddress);
byId("close-thread").addEventListener("click", closeThread);

// ---- What the person does --------------------------------------------------

const skips = {
  sidebar: () => byId("sidebar").querySelector("[aria-current]"),
  messages: () => channel.log,
  composer: () => channel.composer.input,
  thread: () => thread.composer.input,
};

document.addEventListener("click", ({ target }) => {
  if (!target.closest("#menu")) showSidebar(false);
  const button = target.closest("[data-action]");
  const more = target.closest(".message > .more");
  const opener = target.closest(".open-thread");
  const example = target.closest("#examples button");
  const skip = target.closest("[data-skip]");
  if (button?.dataset.options) choose(button);
  else if (button) click(button);
  if (more) openMessageMenu(more, messages.get(more.closest(".message").dataset.key));
  if (opener) {
    showThread(messages.get(opener.closest(".message").dataset.key).ts);
    thread.composer.input.focus();
  }
  if (example) channel.composer.send(example.textContent);
  if (skip) skips[skip.dataset.skip]()?.focus(); // before the state came, there is no conversation
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  if (isMenuOpen() || byId("modal").open) return; // the browser closes these
  if (isSidebarShown()) showSidebar(false);
  else if (here.thread !== null) closeThread();
});

// A file that misses its pane must not take the page's place.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());

follow({ load, receive, lost: () => (byId("connection").textContent = words.reconnecting) });
