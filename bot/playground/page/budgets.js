/* The rate budgets as bars that fill, and empty again as time earns them back. */

import { make } from "./element.js";
import { words } from "./words.js";

/** Show in `place` how full each budget is; a budget keeps its element, so that its bar can move. */
export function drawBudgets(place, all) {
  const labels = all.map(({ method, place }) => (place ? words.postsIn(place) : method));
  const kept = new Map([...place.children].map((element) => [element.dataset.label, element]));
  place.replaceChildren(...all.map((budget, index) => {
    const element = kept.get(labels[index]) ?? gaugeOf(labels[index]);
    fill(element, budget);
    return element;
  }));
}

function gaugeOf(label) {
  const element = make("div", { className: "budget" },
    make("span", { textContent: label }), make("span", { className: "spent" }),
    make("div", { className: "bar", role: "meter", ariaLabel: label, ariaValueMin: "0" }, make("i")));
  element.dataset.label = label;
  return element;
}

function fill(element, { place, used, allowed }) {
  const [, spent, bar] = element.children;
  const share = allowed ? used / allowed : 0;
  spent.textContent = allowed ? `${used}/${allowed}` : words.unlimited(used);
  bar.hidden = !allowed;
  bar.ariaValueMax = String(allowed);
  bar.ariaValueNow = String(used);
  bar.ariaValueText = words.budgetOf(used, allowed, place ? words.inBurst : words.inLastMinute);
  bar.title = bar.ariaValueText;
  bar.classList.toggle("is-full", share >= 0.9);
  bar.firstElementChild.style.width = `${Math.min(100, 100 * share)}%`;
}
