/* A message as it is drawn, in the channel and in a thread. */

import { updateBlocks } from "./blocks.js";
import { find, isNews, mirror } from "./dom.js";
import { canDoWith } from "./message_menu.js";
import { asMe, language } from "./settings.js";
import { doingIn, originOf, userOf } from "./state.js";
import { words } from "./words.js";

const timeFormat = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const AVATAR_COLOURS = 6; // .avatar-0 … in messages.css
const PICTURE = /^image\/(png|jpeg|gif|webp)$/; // as page_files.py shows them in place

/** `replies` is a number in the channel; a thread has no way to open a thread. */
export function updateMessage(element, message, replies = null) {
  const doing = replies === null ? "" : doingIn({ channel: message.channel, thread_ts: message.ts });
  if (!isNews(element, JSON.stringify([message, replies, doing]))) return;
  const user = userOf(message.user);
  const date = new Date(message.ts * 1000);
  element.ariaLabel = `${user.name}, ${timeFormat.format(date)}`;
  element.classList.toggle("is-only-you", message.only_you);
  updateAvatar(find(element, ".avatar"), user);
  find(element, ".name").textContent = user.name;
  find(element, ".app").hidden = !user.is_bot;
  find(element, ".origin").textContent = originOf(user);
  find(element, ".origin").hidden = originOf(user) === "";
  find(element, ".only-you").hidden = !message.only_you;
  find(element, ".edited").hidden = !message.edited;
  find(element, "time").textContent = timeFormat.format(date);
  find(element, "time").dateTime = date.toISOString();
  find(element, ".body > .doing").textContent = doing;
  find(element, ".more").hidden = !canDoWith(message);
  updateBlocks(find(element, ".blocks"), message.blocks);
  updateFiles(element, message.files.filter((file) => !file.is_deleted));
  for (const side of element.querySelectorAll("[data-value]")) {
    side.ariaPressed = message.chosen[side.dataset.action] === side.dataset.value;
  }
  updateOpener(find(element, ".open-thread"), message, replies);
}

export function updateAvatar(element, { id, name, is_bot }) {
  const colour = [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % AVATAR_COLOURS;
  element.className = `avatar ${is_bot ? "avatar-bot" : `avatar-${colour}`}`;
  element.textContent = [...name][0].toUpperCase();
}

function updateFiles(element, files) {
  const isPicture = ({ mimetype }) => PICTURE.test(mimetype);
  const draw = (list, chosen, template, update) => mirror(find(element, list), chosen, ({ id }) => id, template, update);
  draw(".pictures", files.filter(isPicture), "picture-template", (item, { id, name }) => {
    find(item, "a").href = asMe(`/page/file/${id}`);
    find(item, ".file-name").textContent = name;
    const source = asMe(`/page/file/${id}`);
    if (isNews(find(item, "img"), source)) find(item, "img").src = source;
  });
  draw(".cards", files.filter((file) => !isPicture(file)), "card-template", (item, file) => {
    find(item, "a").href = asMe(`/page/file/${file.id}`);
    find(item, ".file-name").textContent = file.name;
    find(item, ".file-kind").textContent = `${file.filetype.toUpperCase()} · ${words.size(file.size)}`;
  });
}

function updateOpener(button, message, replies) {
  button.hidden = replies === null || message.only_you;
  button.classList.toggle("has-replies", replies > 0);
  button.textContent = replies > 0 ? words.replies(replies) : words.replyInThread;
}
