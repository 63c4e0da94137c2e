/* Between what a person writes and Slack's wire form: three characters escaped, a mention as <@ID>. */

import { app, userOf } from "./state.js";

/** The app's command that a text begins with, if any. */
export function commandIn(text) {
  const [first] = text.split(/\s/, 1);
  return app.commands.find(({ name }) => name === first);
}

export function toSlack(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const people = Object.values(app.users).sort((a, b) => b.name.length - a.name.length);
  const names = people.map(({ name }) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
  // \w is ASCII only, so a Korean particle may follow the name directly.
  return escaped.replace(new RegExp(`(?<!\\w)@(${names})(?!\\w)`, "giu"), (_, written) => {
    const { id } = people.find(({ name }) => name.toLowerCase() === written.toLowerCase());
    return `<@${id}>`;
  });
}

/** What toSlack makes of it, as a person would write it. */
export function fromSlack(text) {
  const named = text.replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${userOf(id).name}`);
  return named.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
