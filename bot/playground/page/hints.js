/* What could complete a text that is being written: the app's commands, and people's names after an @. */

import { app, botName, userOf } from "./state.js";
import { words } from "./words.js";

/** `before` is the text before the caret; each hint replaces the end of it. */
export function hintsFor(before, { thread_ts }) {
  if (/^\/\S*$/.test(before) && thread_ts === null) {
    return app.commands.filter(({ name }) => name.startsWith(before)).map(({ name, usage_hint, description }) =>
      ({ insert: `${name} `, replaces: before, title: `${name} ${usage_hint}`, note: description }));
  }
  const [mention] = before.match(/(?<!\S)@\S*$/) ?? [];
  if (!mention) return [];
  return mentionable().filter(({ name }) => `@${name}`.toLowerCase().startsWith(mention.toLowerCase()))
    .map(({ name, is_bot }) =>
      ({ insert: `@${name} `, replaces: mention, title: `@${name}`, note: is_bot ? words.app : "" }));
}

function mentionable() {
  const people = Object.values(app.users).filter(({ id, is_bot }) => !is_bot && id !== app.me);
  return [{ ...userOf(app.bot), name: botName() }, ...people];
}
