/* Moving through lists by the keyboard, as in Slack. */

/** Let the arrows, Home and End move the focus among what `items` returns, from anywhere in `list` but a field. */
export function walkWithArrows(list, items) {
  list.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    if (event.isComposing || all.length === 0 || (at < 0 && event.target !== list)) return;
    const last = all.length - 1;
    const there = {
      ArrowDown: Math.min(at + 1, last),
      ArrowUp: at < 0 ? last : Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (there === undefined) return;
    event.preventDefault();
    all[there].focus();
  });
}
