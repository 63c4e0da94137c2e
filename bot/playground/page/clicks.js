/* Clicks on what an app put into a message, a Home or a modal. */

import { byId } from "./dom.js";
import { openMenu } from "./menu.js";
import { post } from "./server.js";
import { botName, messages } from "./state.js";
import { words } from "./words.js";

/** A busy button keeps the focus, which a disabled one would lose. */
export async function click(button, value = button.dataset.value ?? "") {
  if (button.ariaBusy === "true") return;
  const { action } = button.dataset;
  await whileBusy(button, () => post("/page/click", { ...placeOf(button), action_id: action, value }));
}

export function choose(button) {
  const options = JSON.parse(button.dataset.options);
  openMenu(button, options.map(({ label, value }) => ({ label, act: () => click(button, value) })));
}

/** The message, the Home or the modal that a button stands in. */
function placeOf(button) {
  const element = button.closest(".message");
  if (!element) return { view_id: button.closest("[data-view]").dataset.view };
  const { channel, ts } = messages.get(element.dataset.key);
  return { channel, ts };
}

export async function whileBusy(button, ask) {
  showClick(button, { isBusy: true, problem: "" });
  const { ok, error } = await ask();
  const problem = error ? words.notSent(error) : words.unanswered(botName());
  showClick(button, { isBusy: false, problem: ok ? "" : problem });
  if (!ok) byId("announcer").textContent = problem;
}

function showClick(button, { isBusy, problem }) {
  button.ariaBusy = button.ariaDisabled = isBusy ? "true" : null;
  button.title = problem;
  button.classList.toggle("failed", problem !== "");
}
