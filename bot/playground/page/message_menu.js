/* What a person can do with a message: edit or delete their own, or hand one to the app by a shortcut. */

import { whileBusy } from "./clicks.js";
import { clone, find } from "./dom.js";
import { openMenu } from "./menu.js";
import { post } from "./server.js";
import { fromSlack, toSlack } from "./slack_text.js";
import { app } from "./state.js";
import { words } from "./words.js";

const isOwn = (message) => message.user === app.me;
const hasShortcuts = (message) => !message.only_you && app.shortcuts.length > 0;

export const canDoWith = (message) => isOwn(message) || hasShortcuts(message);

export function openMessageMenu(button, message) {
  const { channel, ts } = message;
  const shortcuts = app.shortcuts.map(({ name, callback_id }) => ({
    label: name,
    act: () => whileBusy(button, () => post("/page/shortcut", { channel, ts, callback_id })),
  }));
  const own = [
    { label: words.editMessage, act: () => edit(button.closest(".message"), message) },
    { label: words.deleteMessage, act: () => post("/page/delete", { channel, ts }), isDanger: true },
  ];
  openMenu(button, [...(hasShortcuts(message) ? shortcuts : []), ...(isOwn(message) ? own : [])]);
}

/** Let the person write a message anew in its place; then the focus goes to `after`. */
export function edit(element, { channel, ts, text }, after = find(element, ".more")) {
  if (find(element, ".editor")) return find(element, ".editor textarea").focus();
  const blocks = find(element, ".blocks");
  const form = clone("editor-template");
  const input = find(form, "textarea");
  const close = () => {
    form.remove();
    blocks.hidden = false;
    after.focus();
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
  input.setSelectionRange(input.value.length, input.value.length);
}
