/* How elements are found, made from the templates of index.html and kept in step with what they show. */

import { words } from "./words.js";

export const byId = (id) => document.getElementById(id);
export const find = (root, selector) => root.querySelector(selector);

export function clone(template) {
  const element = byId(template).content.firstElementChild.cloneNode(true);
  fillWords(element);
  return element;
}

export function fillWords(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text];
  for (const element of root.querySelectorAll("[data-label]")) element.ariaLabel = words[element.dataset.label];
}

/**
 * Make the children of `list` follow `items`. An item keeps its element, and
 * the element its place, so focus, selection and scrolling survive.
 */
export function mirror(list, items, keyOf, template, update) {
  const wanted = new Set(items.map(keyOf));
  for (const element of [...list.children]) {
    if (!wanted.has(element.dataset.key)) element.remove();
  }
  const kept = new Map([...list.children].map((element) => [element.dataset.key, element]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const element = kept.get(key) ?? clone(template);
    element.dataset.key = key;
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item);
  });
}

const shown = new WeakMap(); // element -> what it shows

/** Whether `element` shows something else than `value` so far, so that only a change touches it. */
export function isNews(element, value) {
  if (shown.get(element) === value) return false;
  shown.set(element, value);
  return true;
}
