/* The workbench: what goes over the wire, what it comes to, and what is to go wrong. It watches while it is open. */

import { drawBudgets } from "./budgets.js";
import { make, makeRow, makeTable } from "./element.js";
import { drawFaults } from "./faults.js";
import { timelineOf } from "./timeline.js";
import { language } from "./settings.js";
import { words } from "./words.js";

const PLACE = "/page/workbench";
const KEPT = "workbench"; // in localStorage: whether it is open
const MOST_ROWS = 300;
const MOST_ANSWERS = 100;
const NEAR_END = 24; // pixels that still count as "at the end"
const RETRY = 2000; // milliseconds before connecting anew

const clock = new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1, hourCycle: "h23",
});
const shortClock = new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const isSheet = () => matchMedia("(max-width: 1279px)").matches; // as in workbench.css

const toggle = document.getElementById("workbench-toggle");
const pane = document.getElementById("workbench");

// ---- What it is made of ----------------------------------------------------

const button = (text, act, className = "press default") => {
  const made = make("button", { type: "button", className, textContent: text });
  made.addEventListener("click", act);
  return made;
};
const section = (title, ...children) => make("section", {}, make("h3", { textContent: title }), ...children);

const close = button("", () => show(false), "icon");
close.ariaLabel = words.closeWorkbench;
close.append(cross());
const thirty = make("p", { className: "note", role: "status" });
const faults = make("div");
const allOff = button(words.allOff, () => turn({}));
const budgets = make("div", { className: "budgets" });
const choice = make("select", { ariaLabel: words.answer });
const timeline = make("div", { className: "timeline" });
const filter = make("select", { ariaLabel: words.method });
const log = makeTable(words.calls, [words.at, words.method, words.took, words.result]);
const scroller = make("div", { className: "scroller", tabIndex: 0, role: "region", ariaLabel: words.calls }, log);
const calls = section(words.calls, scroller);
calls.className = "calls";
calls.firstElementChild.after(filter);

pane.append(
  make("header", {}, make("h2", { textContent: words.workbench }), close),
  make("div", { className: "parts", tabIndex: 0, role: "group", ariaLabel: words.workbench },
    make("section", {}, button(words.askThirty, askThirty, "press primary"), thirty),
    section(words.goesWrong, faults, make("div", { className: "row" },
      button(words.cutSocket, () => post("cut", {})), allOff)),
    section(words.budgets, budgets),
    section(words.answer, choice, make("p", { className: "note", textContent: words.chooseAnswer }), timeline)),
  calls,
);

function cross() {
  const svg = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(svg, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  drawing.appendChild(document.createElementNS(svg, "path")).setAttribute("d", "M5 5l10 10M15 5L5 15");
  return drawing;
}

// ---- Server ----------------------------------------------------------------

let stream = null; // the EventSource, while somebody can see it

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${PLACE}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}

function watch() {
  const isWanted = !pane.hidden && !document.hidden;
  if (!isWanted) {
    stream?.close();
    stream = null;
  } else if (stream === null) {
    const mine = (stream = new EventSource(`${PLACE}/events`));
    mine.onmessage = ({ data }) => receive(JSON.parse(data));
    mine.onerror = () => {
      if (mine.readyState !== EventSource.CLOSED || stream !== mine) return;
      stream = null;
      setTimeout(watch, RETRY);
    };
  }
}

function receive(news) {
  if (news.begins) {
    log.tBodies[0].replaceChildren();
    answers.clear();
  }
  if (news.faults) showFaults(news.faults);
  if (news.budgets) drawBudgets(budgets, news.budgets);
  if (news.calls) showCalls(news.calls);
  if (news.answers) showAnswers(news.answers);
  if (news.thirty) showThirty(news.thirty);
}

// ---- Thirty at once ----------------------------------------------------------

function askThirty() {
  thirty.replaceChildren();
  post("thirty", {});
}

function showThirty(round) {
  const lines = [words.thirtySeen(round), ...(round.signed ? [words.thirtyTook(round)] : [])];
  thirty.replaceChildren(...lines.map((line) => make("span", { textContent: line })));
}

// ---- What goes wrong -----------------------------------------------------------

const turn = (body) => post("faults", body).then(showFaults);

function showFaults(state) {
  const count = state.on.length;
  drawFaults(faults, state, turn);
  allOff.hidden = count === 0;
  toggle.dataset.faults = count || "";
  toggle.ariaLabel = count ? words.workbenchWith(count) : words.workbench;
}

// ---- The chosen answer -------------------------------------------------------------

const answers = new Map(); // name -> answer, in the order of asking
let chosen = ""; // the name of the answer that a person chose; "" for the newest

function showAnswers(news) {
  for (const answer of news) answers.set(answer.name, answer);
  while (answers.size > MOST_ANSWERS) answers.delete(answers.keys().next().value);
  showChoice();
  showTimeline();
}

function showChoice() {
  const known = [...answers.values()].reverse().map(({ name, asked_at, asker, text }) =>
    new Option(`${shortClock.format(asked_at * 1000)} ${asker}: ${text}`, name));
  const shown = [...choice.options].map(({ value, text }) => value + text).join();
  const wanted = [new Option(words.newestAnswer, ""), ...known];
  if (shown !== wanted.map(({ value, text }) => value + text).join()) choice.replaceChildren(...wanted);
  choice.value = chosen;
}

function showTimeline() {
  const answer = answers.get(chosen) ?? [...answers.values()].at(-1);
  if (answer) timeline.replaceChildren(...timelineOf(answer));
  else timeline.replaceChildren(make("p", { className: "note", textContent: words.noAnswer }));
}

function choose(name) {
  chosen = name;
  showChoice();
  showTimeline();
}

async function chooseAnswerOf(message) {
  const [channel, ts] = message.dataset.key.split(" ");
  const { name } = await (await fetch(`${PLACE}/answer?${new URLSearchParams({ channel, ts })}`)).json();
  if (name && answers.has(name)) choose(name);
}

// ---- Calls -----------------------------------------------------------------------------

function showCalls(news) {
  const rows = log.tBodies[0];
  const isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  rows.append(...news.slice(-MOST_ROWS).map(rowOf));
  while (rows.children.length > MOST_ROWS) rows.firstElementChild.remove();
  for (const { method } of news) {
    if (![...filter.options].some(({ value }) => value === method)) filter.append(new Option(method, method));
  }
  if (isAtEnd) scroller.scrollTop = scroller.scrollHeight; // who has scrolled up is reading
}

function rowOf({ method, at, seconds, status, error, retry_after }) {
  const refused = status === 200 ? error : `${status} ${error}`;
  const result = status === 429 && retry_after !== null ? words.retryAfter(retry_after) : refused || "ok";
  const row = makeRow(clock.format(at * 1000), method, `${Math.round(seconds * 1000)} ms`, result);
  row.classList.toggle("failed", Boolean(error) || status !== 200);
  row.hidden = filter.value !== "" && filter.value !== method;
  row.dataset.method = method;
  return row;
}

function filterCalls() {
  for (const row of log.tBodies[0].children) row.hidden = filter.value !== "" && filter.value !== row.dataset.method;
  scroller.scrollTop = scroller.scrollHeight;
}

// ---- Start -------------------------------------------------------------------------------

function show(isOpen) {
  const hadFocus = pane.contains(document.activeElement);
  pane.hidden = !isOpen;
  document.body.classList.toggle("with-workbench", isOpen);
  toggle.ariaExpanded = String(isOpen);
  localStorage.setItem(KEPT, isOpen ? "open" : "");
  if (isOpen && isSheet()) close.focus();
  if (!isOpen && (hadFocus || isSheet())) toggle.focus(); // a sheet covered what had it
  watch();
}

filter.append(new Option(words.allMethods, ""));
filter.addEventListener("change", filterCalls);
choice.addEventListener("change", () => choose(choice.value));
toggle.addEventListener("click", () => show(pane.hidden));
document.addEventListener("visibilitychange", watch);
document.addEventListener("click", ({ target }) => {
  const message = target.closest("article.message[data-key]");
  if (message && !pane.hidden && !target.closest("a, button, textarea")) chooseAnswerOf(message);
});
document.addEventListener("keydown", (event) => { // before the page's own, which a sheet covers
  if (event.key !== "Escape" || event.isComposing || pane.hidden) return;
  if (document.querySelector("dialog[open], :popover-open") || !(isSheet() || pane.contains(event.target))) return;
  show(false);
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

showChoice();
showTimeline();
allOff.hidden = true;
if (localStorage.getItem(KEPT) && !isSheet()) show(true); // a sheet would cover the page unasked
else fetch(`${PLACE}/faults`).then((response) => response.json()).then(showFaults);
