/* The switches for what is to go wrong, and what is going wrong. */

import { make } from "./element.js";
import { words } from "./words.js";

const GROUPS = { ofSlack: /^(slack|edits|posts)/, ofMicro: /^micro/, ofPro: /^pro/ };

/** Show in `place` the faults that there are (`all`) and which of them are `on`; `turn` asks for one of them. */
export function drawFaults(place, { all, on }, turn) {
  if (place.childElementCount === 0) {
    const switches = make("div", { className: "switches" }, ...groupsOf(all, turn));
    place.append(switches, make("ul", { className: "running" }));
  }
  for (const element of place.querySelectorAll("[data-fault]")) {
    element.ariaPressed = String(on.includes(element.dataset.fault));
  }
  place.lastElementChild.replaceChildren(...on.map((name) => make("li", { textContent: words[name][1] })));
}

function groupsOf(all, turn) {
  return Object.entries(GROUPS).flatMap(([group, pattern]) => {
    const names = all.filter((name) => pattern.test(name));
    if (names.length === 0) return [];
    const label = words[group];
    const title = make("span", { textContent: label, ariaHidden: "true" });
    const switches = names.map((name) => switchOf(name, label, turn));
    return [make("div", { role: "group", ariaLabel: label }, title, ...switches)];
  });
}

function switchOf(name, group, turn) {
  const [label, sentence] = words[name];
  const made = make("button", { type: "button", className: "switch", textContent: label, title: sentence });
  made.ariaLabel = `${group}: ${label}`;
  made.dataset.fault = name;
  made.addEventListener("click", () => turn({ name, on: made.ariaPressed !== "true" }));
  return made;
}
