/* All that the page says to the server, and hears from it. */

import { asMe } from "./settings.js";
import { words } from "./words.js";

const RETRY = 2000; // milliseconds before connecting anew
const THUMBNAIL = 1024; // pixels of the longer side: https://docs.slack.dev/reference/objects/file-object

/** Send `body` as JSON; the answer, which has an `error` where none came. */
export function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return sent(path, { headers, body: JSON.stringify(body) });
}

/** Upload a file, with what Slack would find out about a picture; the answer has its `id`. */
export async function upload(file) {
  const form = new FormData();
  form.append("name", file.name);
  for (const [name, value] of Object.entries(await pictureIn(file))) form.append(name, value);
  form.append("file", file);
  return sent("/page/upload", { body: form });
}

async function sent(path, rest) {
  try {
    const response = await fetch(asMe(path), { method: "POST", ...rest });
    return response.ok ? await response.json() : { ok: false, error: await response.text() };
  } catch {
    return { ok: false, error: words.noServer };
  }
}

async function pictureIn(file) {
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    const sides = { original_w: width, original_h: height };
    const scale = THUMBNAIL / Math.max(width, height);
    if (scale >= 1) return sides;
    const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return { ...sides, thumbnail: await canvas.convertToBlob() };
  } catch {
    return {}; // it is no picture, or none that the browser can read
  }
}

/** Follow the server's state for as long as the page is open: `load` gets all of it, `receive` what comes then. */
export function follow({ load, receive, lost }) {
  const events = new EventSource(asMe("/page/events"));
  let loaded;
  const startAgain = () => {
    lost();
    events.close();
    setTimeout(follow, RETRY, { load, receive, lost });
  };
  events.onopen = () => {
    loaded = fetch(asMe("/page/state")).then((response) => response.json()).then(load);
    loaded.catch(startAgain);
  };
  // An event may be newer than the state being fetched, so it waits its turn.
  events.onmessage = ({ data }) => loaded.then(() => receive(JSON.parse(data)), () => {});
  events.onerror = () => (events.readyState === EventSource.CLOSED ? startAgain() : lost());
}
