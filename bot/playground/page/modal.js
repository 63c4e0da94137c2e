/* The app's form over the page. The browser keeps the focus inside and closes it on Escape. */

import { words } from "./words.js";

const find = (root, selector) => root.querySelector(selector);

export class Modal {
  view = null; // what is shown
  closed = null; // id of the one that the person closed: the server may not know yet

  constructor(dialog, post, showBlocks) {
    this.dialog = dialog;
    this.form = find(dialog, "form");
    this.problem = find(dialog, "footer .problem");
    this.post = post;
    this.showBlocks = showBlocks;
    for (const button of dialog.querySelectorAll("[value=close]")) {
      button.addEventListener("click", () => dialog.close());
    }
    dialog.addEventListener("close", () => this.left());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** Show `view`, or nothing if it is null. What was written stays for as long as the view does. */
  show(view) {
    if (view === null || view.id === this.closed) return this.hide();
    if (view.id === this.view?.id && view.hash === this.view.hash) return;
    this.view = view;
    this.dialog.dataset.view = view.id;
    find(this.dialog, "h2").textContent = view.title;
    find(this.dialog, "footer [value=close]").textContent = view.close || (view.submit ? words.cancel : words.close);
    find(this.dialog, "[type=submit]").hidden = view.submit === "";
    find(this.dialog, "[type=submit]").textContent = view.submit;
    this.problem.textContent = "";
    this.showBlocks(find(this.dialog, ".blocks"), view.blocks);
    for (const mark of this.form.querySelectorAll(".optional")) mark.textContent = words.optional;
    if (!this.dialog.open) this.dialog.showModal();
    find(this.form, "[data-block]")?.focus();
  }

  hide() {
    this.view = null;
    if (this.dialog.open) this.dialog.close();
  }

  left() {
    if (this.view === null || this.dialog.open) return; // the app closed it, and may have opened another
    this.closed = this.view.id;
    this.view = null;
    this.post("/page/close", { view_id: this.closed });
  }

  async submit() {
    const button = find(this.dialog, "[type=submit]");
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    const { ok, errors = {}, error } = await this.post("/page/submit", { view_id: this.view.id, values: this.values() });
    button.ariaBusy = null;
    for (const field of this.fields()) {
      const problem = errors[field.dataset.block] ?? "";
      field.ariaInvalid = problem ? "true" : null;
      find(field.closest(".block"), ".problem").textContent = problem;
    }
    const isTold = Object.keys(errors).length > 0;
    this.problem.textContent = ok || isTold ? "" : (error ?? words.notTaken);
    find(this.form, "[aria-invalid]")?.focus();
  }

  fields() {
    return [...this.form.querySelectorAll("[data-block]")];
  }

  values() {
    const values = {};
    for (const { dataset, value } of this.fields()) (values[dataset.block] ??= {})[dataset.field] = value;
    return values;
  }
}
