// A button that opens a short list of things to do. By keyboard: arrows, a digit for each entry, Esc; focus returns to the button.
// @ts-check
import { el } from "./dom.js";

/** @typedef {{text: string, key?: string, mark?: string, id?: string, act: () => void, checked?: boolean}} Entry */

export class Menu {
  /** @param {HTMLButtonElement} button @param {() => Entry[]} entries asked for at each opening */
  constructor(button, entries) {
    this.button = button;
    this.entries = entries;
    this.list = el("ul", { class: "menu", role: "menu", hidden: true, "aria-labelledby": button.id });
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.after(this.list);
    button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
    document.addEventListener("pointerdown", (event) => {
      const target = /** @type {Node} */ (event.target);
      if (this.isOpen && !this.list.contains(target) && !button.contains(target)) this.close(false);
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  open() {
    this.list.replaceChildren(...this.entries().map((entry) => this.#item(entry)));
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.list.querySelector("button")?.focus();
  }

  close(back = true) {
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (back) this.button.focus();
  }

  /** @param {Entry} entry */
  #item(entry) {
    const chosen = () => {
      this.close();
      entry.act();
    };
    const role = entry.checked === undefined ? "menuitem" : "menuitemradio";
    return el("li", { role: "none" }, el("button", { type: "button", role, tabindex: -1, "data-key": entry.key, id: entry.id, onclick: chosen,
      "aria-checked": entry.checked === undefined ? null : String(entry.checked) },
      entry.mark ? el("span", { class: `dot dot-${entry.mark}` }) : "", el("span", {}, entry.text),
      entry.key ? el("kbd", { "aria-hidden": "true" }, entry.key) : ""));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const items = [...this.list.querySelectorAll("button")];
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    const key = event.code.replace(/^(Digit|Numpad|Key)/, "");
    const direct = items.find((item) => item.dataset.key === key);
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") return this.close(false);
    else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items[items.length - 1].focus();
    else if (direct) direct.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
