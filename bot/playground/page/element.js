/* Elements made in place of templates, where each is needed once. */

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A table with a head; its body is for the caller to fill. */
export function makeTable(label, titles) {
  const head = make("tr", {}, ...titles.map((title) => make("th", { scope: "col", textContent: title })));
  return make("table", { ariaLabel: label }, make("thead", {}, head), make("tbody"));
}

export const makeRow = (...texts) => make("tr", {}, ...texts.map((text) => make("td", { textContent: text })));
