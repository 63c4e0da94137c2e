/* The one menu of the page, which belongs to whatever button opened it last. */

const EDGE = 8; // pixels between the menu and the window's edge

const menu = Object.assign(document.createElement("div"), { className: "menu", popover: "auto", role: "menu" });
let opener = null; // the button that it belongs to
let dismissing = null; // the button whose pressing closes it, and must not open it again

export const isMenuOpen = () => menu.matches(":popover-open");

/**
 * Show what can be chosen: `items` are { label, note, act, isDanger }, with an `href` in place of `act` where it
 * leads elsewhere, with `isChecked` where one of several holds; or groups of them, { heading, items }.
 * Closing gives the focus back to `button`.
 */
export function openMenu(button, items) {
  const isDismissal = dismissing === button;
  dismissing = null;
  if (isDismissal) return;
  opener = button;
  menu.ariaLabel = button.ariaLabel;
  menu.replaceChildren(...items.map((item) => (item.items ? groupOf(item) : itemOf(item))));
  // Outside an open dialog it could not be reached.
  (button.closest("dialog") ?? document.querySelector("main")).append(menu);
  button.focus();
  menu.showPopover();
  placeAt(button.getBoundingClientRect());
  (menu.querySelector("[aria-checked=true]") ?? choices()[0]).focus();
}

const choices = () => [...menu.querySelectorAll("[role^=menuitem]")];

function groupOf({ heading, items }) {
  const group = Object.assign(document.createElement("div"), { role: "group", ariaLabel: heading });
  const title = Object.assign(document.createElement("p"), { textContent: heading, ariaHidden: "true" });
  group.append(title, ...items.map(itemOf));
  return group;
}

function itemOf({ label, note = "", act = () => {}, href = null, isChecked = null, isDanger = false }) {
  const item = document.createElement(href === null ? "button" : "a");
  const role = isChecked === null ? "menuitem" : "menuitemradio";
  Object.assign(item, { role, tabIndex: -1, textContent: label, ariaChecked: isChecked });
  if (href === null) item.type = "button";
  else item.href = href;
  if (note) item.append(" ", Object.assign(document.createElement("small"), { textContent: note }));
  item.classList.toggle("danger", isDanger);
  item.addEventListener("click", () => {
    menu.hidePopover();
    act();
  });
  return item;
}

function placeAt({ right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = bottom + 4;
  menu.style.left = `${Math.max(EDGE, right - width)}px`;
  menu.style.top = `${below + height + EDGE > innerHeight ? Math.max(EDGE, top - height - 4) : below}px`;
}

menu.addEventListener("keydown", (event) => {
  const items = choices();
  const here = items.indexOf(document.activeElement);
  const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (there === undefined) return;
  items.at(there % items.length).focus();
  event.preventDefault();
});

document.addEventListener("pointerdown", ({ target }) => {
  dismissing = isMenuOpen() && opener.contains(target) ? opener : null;
});

// It would stay where it is while its button moves away.
document.addEventListener("scroll", ({ target }) => isMenuOpen() && target !== menu && menu.hidePopover(), true);
