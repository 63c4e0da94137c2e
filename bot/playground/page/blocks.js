/* Blocks, of which the server made HTML that is safe to show. */

import { localise } from "./dates.js";
import { isNews } from "./dom.js";
import { words } from "./words.js";

export function updateBlocks(container, blocks) {
  while (container.children.length > blocks.length) container.lastElementChild.remove();
  blocks.forEach(({ type, html }, index) => {
    const element = container.children[index] ?? container.appendChild(document.createElement("div"));
    element.className = `block ${type}`;
    if (!isNews(element, html)) return;
    element.innerHTML = html;
    localise(element);
    for (const menu of element.querySelectorAll("[data-options]")) menu.ariaLabel ||= words.more;
    for (const link of element.querySelectorAll("a")) {
      link.target = "_blank";
      link.rel = "noopener";
    }
  });
}
