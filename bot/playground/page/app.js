/* The page of the playground: one state, fed by server-sent events, drawn by render(). */

import { isMenuOpen, openMenu } from "./menu.js";
import { Modal } from "./modal.js";
import { examples, language, words } from "./words.js";

const timeFormat = new Intl.DateTimeFormat(navigator.language, { hour: "numeric", minute: "2-digit" });
const AVATAR_COLOURS = 6; // .avatar-0 … in style.css
const NEAR_BOTTOM = 40; // pixels that still count as "at the bottom"
const AT_REST = 1500; // milliseconds without an edit before a message is read aloud
const HOME = "home"; // in the address, where a thread would stand
const RETRY = 2000; // milliseconds before connecting anew

const byId = (id) => document.getElementById(id);
const find = (root, selector) => root.querySelector(selector);

// ---- State ---------------------------------------------------------------

/** The server's state, as load() found it. */
const app = {
  me: "", bot: "", workspace: "", users: {}, conversations: [], commands: [], shortcuts: [],
  surroundings: { statuses: [], home: null, modal: null },
};
let messages = new Map(); // identity -> message
let chosen = null; // the conversation shown
let isHome = false; // whether its tab Home is shown
let openThread = null; // ts of the first message of the thread shown
const unseen = new Set(); // ids of the conversations with news

const identity = ({ channel, ts }) => `${channel} ${ts}`;
const threadOf = ({ thread_ts, ts }) => thread_ts ?? ts;
const isReply = ({ thread_ts, ts }) => thread_ts !== null && thread_ts !== ts;
const userOf = (id) => app.users[id] ?? { id, name: id, is_bot: false };
const botName = () => userOf(app.bot).name;
const nameOf = (conversation) => (conversation.kind === "dm" ? botName() : conversation.name);
const titleOf = (conversation) => (conversation.kind === "dm" ? botName() : `#${conversation.name}`);

function doingIn({ channel, thread_ts }) {
  const known = app.surroundings.statuses.find((s) => s.channel === channel && s.thread_ts === thread_ts);
  return known ? words.doing(botName(), known.status) : "";
}

function messagesWhere(condition) {
  return [...messages.values()].filter(condition).sort((a, b) => a.ts - b.ts);
}

const inChosen = (message) => message.channel === chosen?.id;
const topMessages = () => messagesWhere((m) => inChosen(m) && !isReply(m));
const threadMessages = (ts) => messagesWhere((m) => inChosen(m) && threadOf(m) === ts);
const repliesTo = ({ ts }) => threadMessages(ts).filter((m) => isReply(m) && !m.only_you); // as Slack counts

// ---- Server --------------------------------------------------------------

function connect() {
  const events = new EventSource("/page/events");
  let loaded;
  const lost = () => {
    byId("connection").textContent = words.reconnecting;
  };
  const startAgain = () => {
    lost();
    events.close();
    setTimeout(connect, RETRY);
  };
  events.onopen = () => {
    loaded = load();
    loaded.catch(startAgain);
  };
  // An event may be newer than the state being fetched, so it waits its turn.
  events.onmessage = ({ data }) => loaded.then(() => receive(JSON.parse(data)), () => {});
  events.onerror = () => (events.readyState === EventSource.CLOSED ? startAgain() : lost());
}

async function load() {
  const response = await fetch("/page/state");
  const { messages: known, ...rest } = await response.json();
  Object.assign(app, rest);
  messages = new Map(known.map((message) => [identity(message), message]));
  byId("connection").textContent = "";
  chooseFromAddress();
}

function receive(event) {
  if (event.type === "surroundings") {
    app.surroundings = event.surroundings;
  } else if (event.type === "deleted") {
    messages.delete(identity(event));
    if (event.channel === chosen.id && event.ts === openThread) closeThread();
  } else {
    const { message } = event;
    const before = messages.get(identity(message));
    messages.set(identity(message), message);
    if (!before) noticeNew(message);
    if (JSON.stringify(before?.blocks) !== JSON.stringify(message.blocks)) announceAtRest(message);
  }
  render();
}

function noticeNew(message) {
  if (message.user === app.me) return;
  if (!inChosen(message)) unseen.add(message.channel);
  else if (openThread !== message.thread_ts && answersNewestOwn(message) && !isHome && !threadWouldDisturb()) {
    showThread(message.thread_ts);
  }
}

/** Only the first answer counts: a thread that was closed stays closed when more arrives. */
function answersNewestOwn(message) {
  const newest = messagesWhere((m) => inChosen(m) && m.user === app.me).at(-1);
  if (!newest || message.user !== app.bot || !isReply(message)) return false;
  const later = threadMessages(threadOf(newest)).filter((m) => m.ts - newest.ts > 0);
  return later.find((m) => m.user === app.bot) === message;
}

async function post(path, body) {
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return await response.json();
  } catch {
    return { ok: false, error: words.noServer };
  }
}

function send({ channel, thread_ts }, text) {
  const command = commandIn(text);
  if (!command) return post("/page/say", { channel, thread_ts, text: toSlack(text) });
  const rest = text.slice(command.name.length).trim();
  return post("/page/command", { channel, command: command.name, text: toSlack(rest) });
}

function commandIn(text) {
  const [first] = text.split(/\s/, 1);
  return app.commands.find(({ name }) => name === first);
}

/** Slack's wire form: three characters escaped, a mention as <@ID>. */
function toSlack(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const name = botName().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  // \w is ASCII only, so a Korean particle may follow the name directly.
  return escaped.replace(new RegExp(`(?<!\\w)@${name}(?!\\w)`, "giu"), `<@${app.bot}>`);
}

/** What toSlack makes of it, as a person would write it. */
function fromSlack(text) {
  const named = text.replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${userOf(id).name}`);
  return named.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

// ---- Drawing -------------------------------------------------------------

function render() {
  if (!chosen) return;
  renderSidebar();
  renderChannel();
  renderThread();
  modal.show(app.surroundings.modal);
}

/**
 * Make the children of `list` follow `items`. An item keeps its element, and
 * the element its place, so focus, selection and scrolling survive.
 */
function mirror(list, items, keyOf, template, update) {
  const wanted = new Set(items.map(keyOf));
  for (const element of [...list.children]) {
    if (!wanted.has(element.dataset.key)) element.remove();
  }
  const kept = new Map([...list.children].map((element) => [element.dataset.key, element]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const element = kept.get(key) ?? clone(template);
    element.dataset.key = key;
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item);
  });
}

function clone(template) {
  const element = byId(template).content.firstElementChild.cloneNode(true);
  fillWords(element);
  return element;
}

function fillWords(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text];
  for (const element of root.querySelectorAll("[data-label]")) element.ariaLabel = words[element.dataset.label];
}

function renderSidebar() {
  byId("workspace").textContent = app.workspace;
  byId("me").textContent = words.you(userOf(app.me).name);
  const isDirect = ({ kind }) => kind === "dm";
  const draw = (id, conversations) =>
    mirror(byId(id), conversations, (c) => c.id, "conversation-template", updateConversation);
  draw("channels", app.conversations.filter((c) => !isDirect(c)));
  draw("direct", app.conversations.filter(isDirect));
}

function updateConversation(element, conversation) {
  const link = find(element, "a");
  link.href = `#${conversation.id}`;
  link.className = conversation.kind;
  link.classList.toggle("news", unseen.has(conversation.id));
  link.ariaCurrent = conversation === chosen ? "page" : null;
  find(link, ".name").textContent = nameOf(conversation);
  find(link, ".state").textContent = [
    conversation.kind === "private" ? words.isPrivate : "",
    unseen.has(conversation.id) ? words.unread : "",
  ].join(" ");
}

function renderChannel() {
  const isAbsent = !chosen.member && chosen.kind !== "dm";
  byId("title").className = chosen.kind;
  byId("title").textContent = nameOf(chosen);
  byId("topic").textContent = chosen.topic ?? "";
  byId("absent").textContent = isAbsent ? words.absent(botName()) : "";
  channelComposer.moveTo({ channel: chosen.id, thread_ts: null }, words.writeTo(titleOf(chosen)));
  renderHome();
  renderIntro(isAbsent);
  mirror(find(byId("channel"), ".messages"), topMessages(), identity, "message-template", (element, message) =>
    updateMessage(element, message, repliesTo(message).length));
}

function renderHome() {
  const { home } = app.surroundings;
  const [messagesTab, homeTab] = byId("tabs").children;
  document.body.classList.toggle("with-home", isHome);
  byId("tabs").hidden = chosen.kind !== "dm";
  messagesTab.href = `#${chosen.id}`;
  homeTab.href = `#${chosen.id}/${HOME}`;
  messagesTab.ariaCurrent = isHome ? null : "page";
  homeTab.ariaCurrent = isHome ? "page" : null;
  byId("home").hidden = !isHome;
  byId("home").dataset.view = home?.id ?? "";
  find(byId("home"), ".none").textContent = home ? "" : words.noHome(botName());
  updateBlocks(find(byId("home"), ".blocks"), home?.blocks ?? []);
}

function renderIntro(isAbsent) {
  const intro = byId("intro");
  let hint = words.introChannel(botName());
  let prefix = `@${botName()} `;
  if (chosen.kind === "dm") {
    hint = words.introDirect(botName());
    prefix = "";
  } else if (isAbsent && app.commands.length) {
    hint = words.introAbsent(app.commands[0].name);
    prefix = `${app.commands[0].name} `;
  }
  find(intro, "h2").textContent = words.introTitle(titleOf(chosen));
  find(intro, "p").textContent = hint;
  const texts = examples.map((example) => prefix + example);
  mirror(byId("examples"), texts, (text) => text, "example-template", (element, text) => {
    element.firstElementChild.textContent = text;
  });
}

function renderThread() {
  document.body.classList.toggle("with-thread", openThread !== null);
  byId("thread").hidden = openThread === null;
  if (openThread === null) return;
  byId("thread-place").textContent = titleOf(chosen);
  threadComposer.moveTo({ channel: chosen.id, thread_ts: openThread }, words.writeInThread);
  find(byId("thread"), ":scope > .doing").textContent = doingIn({ channel: chosen.id, thread_ts: openThread });
  mirror(find(byId("thread"), ".messages"), threadMessages(openThread), identity, "message-template", updateMessage);
}

const drawn = new WeakMap(); // element -> what it shows, so that only a change touches it

/** `replies` is a number in the channel; a thread has no way to open a thread. */
function updateMessage(element, message, replies = null) {
  const before = drawn.get(element);
  const doing = replies === null ? "" : doingIn({ channel: message.channel, thread_ts: message.ts });
  if (before?.message === message && before.replies === replies && before.doing === doing) return;
  drawn.set(element, { message, replies, doing });
  const { id, name, is_bot } = userOf(message.user);
  const date = new Date(message.ts * 1000);
  element.ariaLabel = `${name}, ${timeFormat.format(date)}`;
  element.classList.toggle("is-only-you", message.only_you);
  find(element, ".avatar").className = `avatar ${is_bot ? "avatar-bot" : `avatar-${colourOf(id)}`}`;
  find(element, ".avatar").textContent = [...name][0].toUpperCase();
  find(element, ".name").textContent = name;
  find(element, ".badge").hidden = !is_bot;
  find(element, ".only-you").hidden = !message.only_you;
  find(element, ".edited").hidden = !message.edited;
  find(element, "time").textContent = timeFormat.format(date);
  find(element, "time").dateTime = date.toISOString();
  find(element, ".body > .doing").textContent = doing;
  find(element, ".more").hidden = itemsFor(message).length === 0;
  updateBlocks(find(element, ".blocks"), message.blocks);
  for (const side of element.querySelectorAll("[data-value]")) {
    side.ariaPressed = message.chosen[side.dataset.action] === side.dataset.value;
  }
  updateOpener(find(element, ".open-thread"), message, replies);
}

function updateBlocks(container, blocks) {
  while (container.children.length > blocks.length) container.lastElementChild.remove();
  blocks.forEach(({ type, html }, index) => {
    const element = container.children[index] ?? container.appendChild(document.createElement("div"));
    element.className = `block ${type}`;
    if (drawn.get(element) === html) return;
    drawn.set(element, html);
    element.innerHTML = html; // made safe by the server
    for (const menu of element.querySelectorAll("[data-options]")) menu.ariaLabel ||= words.more;
    for (const link of element.querySelectorAll("a")) {
      link.target = "_blank";
      link.rel = "noopener";
    }
  });
}

function updateOpener(button, message, replies) {
  button.hidden = replies === null || message.only_you;
  button.classList.toggle("has-replies", replies > 0);
  button.textContent = replies > 0 ? words.replies(replies) : words.replyInThread;
}

function colourOf(id) {
  return [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % AVATAR_COLOURS;
}

// ---- Reading -------------------------------------------------------------

/** Keep a log at its end while the reader is there; returns a way to go back to the end. */
function followEnd(log) {
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

function announceAtRest(message) {
  const key = identity(message);
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => announce(key), AT_REST));
}

/** Read aloud what is on the screen; the person's own words need no echo. */
function announce(key) {
  timers.delete(key);
  const message = messages.get(key);
  const blocks = find(document, `[data-key="${key}"] .blocks`);
  if (!message || message.user === app.me || !blocks?.checkVisibility()) return;
  byId("announcer").textContent = `${userOf(message.user).name}: ${blocks.innerText}`;
}

// ---- Moving about --------------------------------------------------------

/** The address is #channel, #channel/thread or #channel/home. */
function chooseFromAddress() {
  const before = chosen?.id;
  const [wanted, ts] = location.hash.slice(1).split("/");
  chosen = app.conversations.find(({ id }) => id === wanted) ?? app.conversations[0];
  chooseTab(chosen?.kind === "dm" && ts === HOME);
  if (before === chosen?.id) return render();
  unseen.delete(chosen.id);
  openThread = messages.has(identity({ channel: chosen.id, ts })) ? ts : null;
  render();
  goToChannelEnd();
  goToThreadEnd();
  channelComposer.input.focus();
}

function chooseTab(isHomeWanted) {
  if (isHomeWanted && !isHome) post("/page/home", {});
  isHome = isHomeWanted;
  if (isHome) openThread = null;
}

/** The address follows, so that the page can be loaded anew without losing its place. */
function setThread(ts) {
  openThread = ts;
  isHome = false;
  history.replaceState(null, "", `#${[chosen.id, ts].filter(Boolean).join("/")}`);
  render();
}

function showThread(ts) {
  setThread(ts);
  goToThreadEnd();
  if (threadCovers()) threadComposer.input.focus();
}

function closeThread() {
  const hadFocus = byId("thread").contains(document.activeElement);
  const key = identity({ channel: chosen.id, ts: openThread });
  setThread(null);
  if (hadFocus) (find(byId("channel"), `[data-key="${key}"] .open-thread`) ?? channelComposer.input).focus();
}

const threadCovers = () => matchMedia("(max-width: 1000px)").matches; // as in style.css

/** A pane must not change under what someone is writing. */
function threadWouldDisturb() {
  const isWriting = ({ input }) => input.value !== "";
  return (openThread !== null && isWriting(threadComposer)) || (threadCovers() && isWriting(channelComposer));
}

const isSidebarShown = () => document.body.classList.contains("with-sidebar");

function showSidebar(isOpen) {
  document.body.classList.toggle("with-sidebar", isOpen);
  byId("menu").ariaExpanded = isOpen;
}

// ---- Writing -------------------------------------------------------------

/** The field under a conversation or a thread; `place` is where its text goes. */
class Composer {
  place = { channel: null, thread_ts: null };
  drafts = new Map(); // key of a place -> text not sent yet
  hints = [];
  active = 0; // index of the hint that Enter takes

  constructor(pane, goToEnd) {
    this.form = pane.appendChild(clone("composer-template"));
    this.input = find(this.form, "textarea");
    this.list = find(this.form, ".hints");
    this.problem = find(this.form, ".problem");
    this.goToEnd = goToEnd;
    this.list.id = `${pane.id}-hints`;
    this.input.setAttribute("aria-controls", this.list.id);
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.showHints([]));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  get key() {
    return `${this.place.channel} ${this.place.thread_ts}`;
  }

  moveTo(place, label) {
    this.input.placeholder = this.input.ariaLabel = label;
    if (place.channel === this.place.channel && place.thread_ts === this.place.thread_ts) return;
    this.drafts.set(this.key, this.input.value);
    this.place = place;
    this.write(this.drafts.get(this.key) ?? "");
  }

  write(text) {
    this.input.value = text;
    this.changed();
  }

  changed() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.problem.textContent = this.isRefused(this.input.value) ? words.noCommands : "";
    this.showHints(hintsFor(this.input.value.slice(0, this.input.selectionStart), this.place));
  }

  isRefused(text) {
    return this.place.thread_ts !== null && commandIn(text) !== undefined;
  }

  submit() {
    const text = this.input.value.trimEnd();
    this.input.focus();
    if (text === "" || this.isRefused(text)) return;
    this.write("");
    this.send(text);
  }

  async send(text) {
    const key = this.key;
    this.goToEnd();
    const { ok, error } = await send(this.place, text);
    if (!ok) this.giveBack(key, text, words.notSent(error));
  }

  /** The person may have gone on writing, or gone elsewhere, while the text was on its way. */
  giveBack(key, text, problem) {
    const isHere = key === this.key;
    const later = isHere ? this.input.value : this.drafts.get(key);
    const all = [text, later].filter(Boolean).join("\n");
    if (isHere) this.write(all);
    else this.drafts.set(key, all);
    this.problem.textContent = problem;
  }

  pressed(event) {
    // Enter and Escape belong to the input method while it composes; Safari says so by 229 only.
    if (event.isComposing || event.keyCode === 229) return;
    const { key } = event;
    const last = this.hints.length - 1;
    if (last >= 0 && key === "ArrowDown") this.activate(this.active === last ? 0 : this.active + 1);
    else if (last >= 0 && key === "ArrowUp") this.activate(this.active === 0 ? last : this.active - 1);
    else if (last >= 0 && key === "Escape") this.showHints([]);
    else if (last >= 0 && (key === "Enter" || key === "Tab") && !event.shiftKey) this.take(this.hints[this.active]);
    else if (key === "Enter" && !event.shiftKey) this.form.requestSubmit();
    else return;
    event.preventDefault();
  }

  showHints(hints) {
    this.hints = hints;
    this.list.hidden = hints.length === 0;
    mirror(this.list, hints, (hint) => hint.insert, "hint-template", (element, hint) => {
      element.id = `${this.list.id}-${hints.indexOf(hint)}`;
      find(element, "strong").textContent = hint.title;
      find(element, "span").textContent = hint.note;
      element.onpointerdown = (event) => {
        event.preventDefault(); // the field keeps the focus
        this.take(hint);
      };
    });
    this.activate(0);
  }

  activate(index) {
    this.active = index;
    [...this.list.children].forEach((element, i) => (element.ariaSelected = i === index));
    const { id } = this.list.children[index] ?? {};
    if (id) this.input.setAttribute("aria-activedescendant", id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take({ insert, replaces }) {
    const end = this.input.selectionStart;
    this.input.setRangeText(insert, end - replaces.length, end, "end");
    this.changed();
  }
}

/** What could complete the text before the caret. */
function hintsFor(before, { thread_ts }) {
  if (/^\/\S*$/.test(before) && thread_ts === null) {
    return app.commands.filter(({ name }) => name.startsWith(before)).map(({ name, usage_hint, description }) =>
      ({ insert: `${name} `, replaces: before, title: `${name} ${usage_hint}`, note: description }));
  }
  const [mention] = before.match(/(?<!\S)@\S*$/) ?? [];
  if (mention && `@${botName()}`.toLowerCase().startsWith(mention.toLowerCase())) {
    return [{ insert: `@${botName()} `, replaces: mention, title: `@${botName()}`, note: "APP" }];
  }
  return [];
}

// ---- Clicking ------------------------------------------------------------

/** A click on what an app put there. A busy button keeps the focus, which a disabled one would lose. */
async function click(button, value = button.dataset.value ?? "") {
  if (button.ariaBusy === "true") return;
  const { action } = button.dataset;
  await whileBusy(button, () => post("/page/click", { ...placeOf(button), action_id: action, value }));
}

function choose(button) {
  const options = JSON.parse(button.dataset.options);
  openMenu(button, options.map(({ label, value }) => ({ label, act: () => click(button, value) })));
}

/** The message, the Home or the modal that a button stands in. */
function placeOf(button) {
  const element = button.closest(".message");
  if (!element) return { view_id: button.closest("[data-view]").dataset.view };
  const { channel, ts } = messages.get(element.dataset.key);
  return { channel, ts };
}

async function whileBusy(button, ask) {
  showClick(button, { isBusy: true, problem: "" });
  const { ok, error } = await ask();
  const problem = error ? words.notSent(error) : words.unanswered(botName());
  showClick(button, { isBusy: false, problem: ok ? "" : problem });
  if (!ok) byId("announcer").textContent = problem;
}

function showClick(button, { isBusy, problem }) {
  button.ariaBusy = button.ariaDisabled = isBusy ? "true" : null;
  button.title = problem;
  button.classList.toggle("failed", problem !== "");
}

// ---- What can be done with a message ---------------------------------------

function itemsFor(message, button = null) {
  const { channel, ts } = message;
  const isOwn = message.user === app.me;
  const shortcuts = app.shortcuts.map(({ name, callback_id }) => ({
    label: name,
    act: () => whileBusy(button, () => post("/page/shortcut", { channel, ts, callback_id })),
  }));
  return [
    ...(message.only_you ? [] : shortcuts),
    ...(isOwn ? [{ label: words.editMessage, act: () => edit(button.closest(".message"), message) }] : []),
    ...(isOwn ? [{ label: words.deleteMessage, act: () => post("/page/delete", { channel, ts }), isDanger: true }] : []),
  ];
}

/** Let the person write a message anew in its place. */
function edit(element, { channel, ts, text }) {
  if (find(element, ".editor")) return find(element, ".editor textarea").focus();
  const blocks = find(element, ".blocks");
  const form = clone("editor-template");
  const input = find(form, "textarea");
  const close = () => {
    form.remove();
    blocks.hidden = false;
    find(element, ".more").focus();
  };
  const save = async () => {
    const { ok, error } = await post("/page/edit", { channel, ts, text: toSlack(input.value.trimEnd()) });
    if (ok) close();
    else find(form, ".problem").textContent = words.notSent(error);
  };
  input.value = fromSlack(text);
  blocks.hidden = true;
  blocks.after(form);
  find(form, "[type=button]").addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) form.requestSubmit();
    else return;
    event.preventDefault();
  });
  input.focus();
}

// ---- Start ---------------------------------------------------------------

document.documentElement.lang = language;
fillWords(document);

const goToChannelEnd = followEnd(find(byId("channel"), ".log"));
const goToThreadEnd = followEnd(find(byId("thread"), ".log"));
const channelComposer = new Composer(byId("channel"), goToChannelEnd);
const threadComposer = new Composer(byId("thread"), goToThreadEnd);

const modal = new Modal(byId("modal"), post, updateBlocks);

addEventListener("hashchange", chooseFromAddress);
byId("close-thread").addEventListener("click", closeThread);
byId("menu").addEventListener("click", () => showSidebar(!isSidebarShown()));

document.addEventListener("click", ({ target }) => {
  if (!target.closest("#menu")) showSidebar(false);
  const button = target.closest("[data-action]");
  const more = target.closest(".more[aria-haspopup]:not([data-action])");
  const opener = target.closest(".open-thread");
  const example = target.closest("#examples button");
  if (button?.dataset.options) choose(button);
  else if (button) click(button);
  if (more) openMenu(more, itemsFor(messages.get(more.closest(".message").dataset.key), more));
  if (opener) {
    showThread(messages.get(opener.closest(".message").dataset.key).ts);
    threadComposer.input.focus();
  }
  if (example) channelComposer.send(example.textContent);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  if (isMenuOpen() || byId("modal").open) return; // the browser closes these
  if (isSidebarShown()) showSidebar(false);
  else if (openThread !== null) closeThread();
});

connect();
