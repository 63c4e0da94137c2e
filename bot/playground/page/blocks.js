/* Blocks, of which the server made HTML that is safe to show. */

import { localise } from "./dates.js";
import { isNews } from "./dom.js";
import { words } from "./words.js";

/** What scrolls sideways is reached by the keyboard, in every browser; what does not is no stop on the way. */
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function updateBlocks(container, blocks) {
  while (container.children.length > blocks.length) container.lastElementChild.remove();
  blocks.forEach(({ type, html }, index) => {
    const element = container.children[index] ?? container.appendChild(document.createElement("div"));
    element.className = `block ${type}`;
    if (!isNews(element, html)) return;
    element.innerHTML = html;
    localise(element);
    for (const box of element.querySelectorAll("pre, .table")) scrollers.observe(box);
    for (const menu of element.querySelectorAll("[data-options]")) menu.ariaLabel ||= words.more;
    for (const link of element.querySelectorAll("a")) {
      link.target = "_blank";
      link.rel = "noopener";
    }
  });
}
