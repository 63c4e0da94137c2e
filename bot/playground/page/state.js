/* What the page knows: the server's state, and where in it the person is. */

import { words } from "./words.js";

/** The server's state but for the messages, as it came last. */
export const app = {
  me: "", bot: "", workspace: "", about: "", users: {}, teams: {}, conversations: [], commands: [], shortcuts: [],
  surroundings: { statuses: [], home: null, modal: null },
};
export const messages = new Map(); // identity -> message
export const unseen = new Map(); // id of a conversation -> how much came that was not seen

/** `conversation` is shown in its tab "messages", "home" or "about"; `thread` is the ts of the thread beside it. */
export const here = { conversation: null, tab: "messages", thread: null };

let draw = () => {};
export const drawWith = (render) => (draw = render);
export const changed = () => here.conversation && draw();

export const identity = ({ channel, ts }) => `${channel} ${ts}`;
export const threadOf = ({ thread_ts, ts }) => thread_ts ?? ts;
export const isReply = ({ thread_ts, ts }) => thread_ts !== null && thread_ts !== ts;
export const userOf = (id) => app.users[id] ?? { id, name: id, is_bot: false };
export const botName = () => userOf(app.bot).name;
export const isDirect = ({ kind }) => kind === "dm" || kind === "group";

export function nameOf({ kind, name, others }) {
  if (kind === "dm") return botName();
  return kind === "group" ? others.map((id) => userOf(id).name).join(", ") : name;
}

export const titleOf = (conversation) => (isDirect(conversation) ? "" : "#") + nameOf(conversation);

/** What tells somebody from the others: a guest, or another company's name; "" for most. */
export function originOf({ is_restricted = false, team }) {
  if (is_restricted) return words.guest;
  return team === app.users[app.me].team ? "" : (app.teams[team] ?? "");
}

export function messagesWhere(condition) {
  return [...messages.values()].filter(condition).sort((a, b) => a.ts - b.ts);
}

export const isHere = ({ channel }) => channel === here.conversation?.id;
export const topMessages = () => messagesWhere((m) => isHere(m) && !isReply(m));
export const threadMessages = (ts) => messagesWhere((m) => isHere(m) && threadOf(m) === ts);
/** As Slack counts. */
export const repliesTo = ({ ts }) => threadMessages(ts).filter((m) => isReply(m) && !m.only_you);

export function doingIn({ channel, thread_ts }) {
  const known = app.surroundings.statuses.find((s) => s.channel === channel && s.thread_ts === thread_ts);
  return known ? words.doing(botName(), known.status) : "";
}
