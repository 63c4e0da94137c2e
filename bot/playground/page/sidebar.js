/* The list of conversations, and below it who speaks, the colours and the language. */

import { walkWithArrows } from "./arrows.js";
import { byId, find, mirror } from "./dom.js";
import { openMenu } from "./menu.js";
import { updateAvatar } from "./messages.js";
import { addressAs, language, LANGUAGES, setLanguage, setTheme, theme, THEMES } from "./settings.js";
import { app, here, isDirect, nameOf, originOf, unseen } from "./state.js";
import { words } from "./words.js";

export function renderSidebar() {
  byId("workspace").textContent = app.workspace;
  const me = app.users[app.me];
  find(byId("me"), ".name").textContent = words.you(me.name);
  updateAvatar(find(byId("me"), ".avatar"), me);
  byId("me").ariaLabel = words.speakingAs(me.name);
  const draw = (id, conversations) =>
    mirror(byId(id), conversations, (c) => c.id, "conversation-template", updateConversation);
  draw("channels", app.conversations.filter((c) => !isDirect(c)));
  draw("direct", app.conversations.filter(isDirect));
  byId("direct-title").hidden = !app.conversations.some(isDirect);
}

function updateConversation(element, conversation) {
  const link = find(element, "a");
  const news = unseen.get(conversation.id) ?? 0;
  link.href = `#${conversation.id}`;
  link.className = conversation.kind;
  link.classList.toggle("news", news > 0);
  link.ariaCurrent = conversation === here.conversation ? "page" : null;
  find(link, ".name").textContent = nameOf(conversation);
  find(link, ".count").textContent = news > 0 && isDirect(conversation) ? news : "";
  find(link, ".state").textContent = [
    conversation.kind === "private" ? words.isPrivate : "",
    news > 0 ? words.unread : "",
  ].join(" ");
}

export const isSidebarShown = () => document.body.classList.contains("with-sidebar");

export function showSidebar(isOpen) {
  const wasOpen = isSidebarShown();
  document.body.classList.toggle("with-sidebar", isOpen);
  byId("menu").ariaExpanded = isOpen;
  if (isOpen) find(byId("sidebar"), "[aria-current], a")?.focus(); // it is empty before the state came
  else if (wasOpen && byId("sidebar").contains(document.activeElement)) byId("menu").focus();
}

function choosePerson() {
  const people = Object.values(app.users).filter(({ is_bot }) => !is_bot);
  openMenu(byId("me"), [
    {
      heading: words.speakAs,
      items: people.map((user) => ({
        label: user.name,
        note: user.is_admin ? words.admin : originOf(user),
        href: addressAs(user.id),
        isChecked: user.id === app.me,
      })),
    },
  ]);
}

function chooseSettings() {
  openMenu(byId("settings"), [
    {
      heading: words.colours,
      items: THEMES.map((name) =>
        ({ label: words[name], isChecked: name === theme(), act: () => setTheme(name) })),
    },
    {
      heading: words.language,
      items: Object.entries(LANGUAGES).map(([name, label]) =>
        ({ label, isChecked: name === language, act: () => setLanguage(name) })),
    },
  ]);
}

byId("menu").addEventListener("click", () => showSidebar(!isSidebarShown()));
byId("me").addEventListener("click", choosePerson);
byId("settings").addEventListener("click", chooseSettings);
walkWithArrows(byId("sidebar"), () => [...byId("sidebar").querySelectorAll("a")]);
