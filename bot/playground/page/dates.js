/* Dates that an app leaves to the reader's clock: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */

import { language } from "./settings.js";

const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { dateStyle: "long" },
  date_short: { dateStyle: "medium" },
  date_long: { dateStyle: "full" },
  time: { timeStyle: "short" },
  time_secs: { timeStyle: "medium" },
};
const DAY = 86_400_000; // milliseconds

/** Let each <time> of `root` that has a format say its moment in the reader's zone; others keep their words. */
export function localise(root) {
  for (const element of root.querySelectorAll("time[data-format]")) {
    const moment = new Date(element.dateTime);
    element.textContent = element.dataset.format.replace(/\{(\w+?)(_pretty)?\}/g, (token, name, pretty) => {
      if (!Object.hasOwn(FORMATS, name)) return token;
      return (pretty && nearDay(moment)) || new Intl.DateTimeFormat(language, FORMATS[name]).format(moment);
    });
  }
}

/** "today", "yesterday" or "tomorrow"; null for other days. */
function nearDay(moment) {
  const days = Math.round((new Date(moment).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / DAY);
  return Math.abs(days) > 1 ? null : new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
}
