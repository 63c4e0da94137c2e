/* The conversation in the middle: its header, its tabs, its messages, and the app's Home and About. */

import { updateBlocks } from "./blocks.js";
import { byId, find, mirror } from "./dom.js";
import { Pane } from "./pane.js";
import { app, botName, here, isDirect, nameOf, repliesTo, titleOf, topMessages, unseen } from "./state.js";
import { examples, words } from "./words.js";

const TABS = ["home", "messages", "about"]; // in Slack's order

export const channel = new Pane(byId("channel"));

export function renderChannel() {
  const { conversation } = here;
  const isAbsent = !conversation.member && !isDirect(conversation);
  document.title = `${titleOf(conversation)} · ${app.users[app.me].name} · ${app.workspace}`;
  byId("title").className = conversation.kind;
  byId("title").textContent = nameOf(conversation);
  byId("topic").textContent = conversation.topic ?? "";
  byId("absent").textContent = isAbsent ? words.absent(botName()) : "";
  channel.composer.moveTo({ channel: conversation.id, thread_ts: null }, words.writeTo(titleOf(conversation)));
  renderTabs();
  renderHome();
  renderAbout();
  renderIntro(isAbsent);
  channel.show(topMessages(), (message) => repliesTo(message).length);
}

function renderTabs() {
  const { conversation, tab } = here;
  document.body.classList.toggle("with-app-page", tab !== "messages");
  byId("tabs").hidden = conversation.kind !== "dm";
  for (const link of byId("tabs").children) {
    const { name } = link.dataset;
    link.href = name === "messages" ? `#${conversation.id}` : `#${conversation.id}/${name}`;
    link.ariaCurrent = name === tab ? "page" : null;
  }
  const news = unseen.get(conversation.id) ?? 0;
  byId("tab-news").textContent = news || "";
}

export const isTab = (name) => TABS.includes(name);

function renderHome() {
  const { home } = app.surroundings;
  byId("home").hidden = here.tab !== "home";
  byId("home").dataset.view = home?.id ?? "";
  find(byId("home"), ".none").textContent = home ? "" : words.noHome(botName());
  updateBlocks(find(byId("home"), ".blocks"), home?.blocks ?? []);
}

function renderAbout() {
  const about = byId("about");
  about.hidden = here.tab !== "about";
  find(about, "h2").textContent = botName();
  find(about, "p").textContent = app.about;
  const offers = [
    ...app.commands.map(({ name, usage_hint, description }) => [`${name} ${usage_hint}`, description]),
    ...app.shortcuts.map(({ name }) => [name, words.isShortcut]),
  ];
  mirror(find(about, "dl"), offers, ([name]) => name, "offer-template", (element, [name, description]) => {
    find(element, "dt").textContent = name;
    find(element, "dd").textContent = description;
  });
}

function renderIntro(isAbsent) {
  const intro = byId("intro");
  let hint = words.introChannel(botName());
  let prefix = `@${botName()} `;
  if (here.conversation.kind === "dm") {
    hint = words.introDirect(botName());
    prefix = "";
  } else if (isAbsent && app.commands.length) {
    hint = words.introAbsent(app.commands[0].name);
    prefix = `${app.commands[0].name} `;
  }
  find(intro, "h2").textContent = words.introTitle(titleOf(here.conversation));
  find(intro, "p").textContent = hint;
  const texts = examples.map((example) => prefix + example);
  mirror(byId("examples"), texts, (text) => text, "example-template", (element, text) => {
    element.firstElementChild.textContent = text;
  });
}
