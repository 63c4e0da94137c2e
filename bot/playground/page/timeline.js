/* The timeline of one answer: three lanes to look at, and the same as tables to read. */

import { make, makeRow, makeTable } from "./element.js";
import { words } from "./words.js";

const WIDTH = 98.5; // percent of a lane: the last tick needs room, too
const STREAM = "converse-stream";
const ON_SCREEN = ["acknowledgement", "notice", "firstWords", "edit", "append", "page", "whole", "refused"];

const seconds = (s) => words.seconds(s.toFixed(2));
const dollars = (d) => (d === null ? "—" : `$${d.toFixed(6)}`);
const nameOf = (model) => model.split(".").at(-1).replace(/-v\d+:\d+$/, "");

/** Elements that show `answer`, as the server tells it. */
export function timelineOf(answer) {
  const note = make("p", { className: "note", textContent: words.priced });
  return [lanes(answer), marksOf(answer), modelsOf(answer), note];
}

function lanes({ marks, models }) {
  const end = Math.max(0.1, ...marks.map(([at]) => at));
  const ofMicro = models.filter(({ operation }) => operation !== STREAM).flatMap((model) => barsOf(model, end));
  const ofPro = models.filter(({ operation }) => operation === STREAM).flatMap((model) => barsOf(model, end));
  const onScreen = marks.filter(([, what]) => ON_SCREEN.includes(what));
  const ticks = onScreen.map(([at, what]) => placed(`tick ${what}`, at, at, end));
  const scale = lane("", seconds(end));
  scale.classList.add("scale");
  return make("div", { className: "lanes", ariaHidden: "true" },
    lane(words.ofMicro, ...ofMicro), lane(words.ofPro, ...ofPro), lane(words.ofSlack, ...ticks), scale);
}

function lane(label, ...shapes) {
  const track = make("div", { className: "track" }, ...shapes);
  return make("div", { className: "lane" }, make("span", { textContent: label }), track);
}

/** The wait for a model's first token, and its speaking. */
function barsOf({ operation, began, first, ended, error, is_told }, end) {
  const until = ended ?? end;
  const isBroken = error || (ended !== null && !is_told);
  const speaks = operation === STREAM ? first : began;
  const waiting = placed("bar waits", began, speaks ?? until, end);
  const speaking = speaks === null ? [] : [placed("bar", speaks, until, end)];
  (speaking[0] ?? waiting).classList.toggle("broken", Boolean(isBroken));
  return [waiting, ...speaking];
}

function placed(className, from, to, end) {
  const shape = make("i", { className });
  shape.style.insetInlineStart = `${(WIDTH * from) / end}%`;
  shape.style.width = `${(WIDTH * Math.max(0, to - from)) / end}%`;
  return shape;
}

function marksOf({ marks }) {
  const table = makeTable(words.answer, [words.after, words.what]);
  table.className = "marks";
  table.tBodies[0].append(...marks.map(([at, what, note]) => {
    const row = makeRow(seconds(at), [words[`mark_${what}`] ?? what, note].filter(Boolean).join(" · "));
    row.className = what;
    return row;
  }));
  return table;
}

function modelsOf({ models }) {
  const table = makeTable(words.model, [words.model, words.tokensIn, words.tokensOut, words.cost]);
  table.className = "models";
  table.tBodies[0].append(...models.map(rowOf));
  const told = models.filter(({ is_told }) => is_told);
  const sum = (key) => told.reduce((total, model) => total + model[key], 0);
  const cost = told.some((model) => model.dollars === null) ? null : sum("dollars");
  const foot = makeRow(words.together, sum("input"), sum("output"), dollars(cost));
  if (told.length) table.append(make("tfoot", {}, foot));
  return table;
}

function rowOf({ model, ended, error, is_told, input, output, dollars: cost }) {
  if (is_told) return makeRow(nameOf(model), input, output, dollars(cost));
  const row = makeRow(nameOf(model), ended === null ? words.running : error || words.brokeOff);
  row.lastElementChild.colSpan = 3;
  return row;
}
