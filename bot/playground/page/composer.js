/* The field under a conversation or a thread, with the files that go along. */

import { Attachment, showAttachments } from "./attachments.js";
import { clone, find, mirror } from "./dom.js";
import { hintsFor } from "./hints.js";
import { post } from "./server.js";
import { commandIn, toSlack } from "./slack_text.js";
import { words } from "./words.js";

export class Composer {
  place = { channel: null, thread_ts: null }; // where its text goes
  drafts = new Map(); // key of a place -> { text, files } not sent yet
  files = [];
  hints = [];
  active = 0; // index of the hint that Enter takes

  /** `goToEnd` shows what was sent; `editLast` lets the person edit what they said last, if anything. */
  constructor(pane, { goToEnd, editLast }) {
    this.form = pane.appendChild(clone("composer-template"));
    this.input = find(this.form, "textarea");
    this.list = find(this.form, ".hints");
    this.problem = find(this.form, ".problem");
    this.goToEnd = goToEnd;
    this.editLast = editLast;
    this.list.id = `${pane.id}-hints`;
    this.input.setAttribute("aria-controls", this.list.id);
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.showHints([]));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.takeFiles(pane);
  }

  get key() {
    return `${this.place.channel} ${this.place.thread_ts}`;
  }

  moveTo(place, label) {
    this.input.placeholder = this.input.ariaLabel = label;
    if (place.channel === this.place.channel && place.thread_ts === this.place.thread_ts) return;
    const left = { text: this.input.value, files: this.files };
    const isFirst = this.place.channel === null; // what was written while the page was loading stays
    this.drafts.set(this.key, left);
    this.place = place;
    const { text, files } = this.drafts.get(this.key) ?? (isFirst ? left : { text: "", files: [] });
    this.files = files;
    this.write(text);
  }

  get isEmpty() {
    return this.input.value.trim() === "" && this.files.length === 0;
  }

  write(text) {
    this.input.value = text;
    this.changed();
  }

  changed() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.form.classList.toggle("ready", !this.isEmpty);
    this.problem.textContent = this.refusal();
    this.showHints(hintsFor(this.input.value.slice(0, this.input.selectionStart), this.place));
    showAttachments(find(this.form, ".attachments"), this.files, (file) => this.remove(file));
  }

  /** Why Slack would not take what is written; "" if it would. */
  refusal() {
    if (!commandIn(this.input.value)) return "";
    if (this.place.thread_ts !== null) return words.noCommands;
    return this.files.length > 0 ? words.noFilesWithCommand : "";
  }

  // ---- Files

  takeFiles(pane) {
    const picker = find(this.form, "input[type=file]");
    find(this.form, ".attach").addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => {
      this.add(picker.files);
      picker.value = "";
    });
    this.input.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    });
    pane.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files") || !this.form.checkVisibility()) return;
      pane.dataset.drop = words.dropHere;
      pane.classList.add("dropping");
    });
    pane.addEventListener("dragleave", (event) => {
      if (!pane.contains(event.relatedTarget)) pane.classList.remove("dropping");
    });
    pane.addEventListener("drop", (event) => {
      pane.classList.remove("dropping");
      this.add(event.dataTransfer.files);
    });
  }

  add(files) {
    if (!this.form.checkVisibility()) return;
    this.files = [...this.files, ...[...files].map((file) => new Attachment(file, () => this.changed()))];
    this.changed();
    this.input.focus();
  }

  remove(file) {
    file.release();
    this.files = this.files.filter((other) => other !== file);
    this.changed();
    this.input.focus();
  }

  // ---- Sending

  submit() {
    const text = this.input.value.trimEnd();
    const { files } = this;
    this.input.focus();
    if (this.isEmpty || this.refusal()) return;
    this.files = [];
    this.write("");
    this.send(text, files);
  }

  async send(text, files = []) {
    const { key, place } = this;
    this.goToEnd();
    const ids = await Promise.all(files.map((file) => file.done));
    const failed = files.find((file) => file.problem);
    const { ok, error } = failed ? { ok: false, error: failed.problem } : await say(place, text, ids);
    if (!ok) return this.giveBack(key, text, files, words.notSent(error));
    for (const file of files) file.release();
  }

  /** The person may have gone on writing, or gone elsewhere, while the text was on its way. */
  giveBack(key, text, files, problem) {
    const isHere = key === this.key;
    const later = isHere ? { text: this.input.value, files: this.files } : this.drafts.get(key);
    const all = [text, later?.text].filter(Boolean).join("\n");
    const allFiles = [...files, ...(later?.files ?? [])];
    if (isHere) {
      this.files = allFiles;
      this.write(all);
    } else {
      this.drafts.set(key, { text: all, files: allFiles });
    }
    this.problem.textContent = problem;
  }

  // ---- Keys

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
    else if (key === "ArrowUp" && this.isEmpty && !event.shiftKey) this.editLast(this.input);
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
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  take({ insert, replaces }) {
    const end = this.input.selectionStart;
    this.input.setRangeText(insert, end - replaces.length, end, "end");
    this.changed();
  }
}

function say({ channel, thread_ts }, text, files) {
  const command = commandIn(text);
  if (!command) return post("/page/say", { channel, thread_ts, text: toSlack(text), files });
  const rest = text.slice(command.name.length).trim();
  return post("/page/command", { channel, command: command.name, text: toSlack(rest) });
}
