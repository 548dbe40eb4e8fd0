// A field with a list under it: typing narrows the list, arrows move in it, Enter takes; the focus stays in the field.
// @ts-check
import { el } from "./dom.js";

/** @typedef {{id: string, node: Node, group?: string, value: any}} Option */

export class ChooseList {
  /** @type {Option[]} */ #options = [];
  #at = -1;

  /**
   * @param {HTMLInputElement} field @param {HTMLElement} list
   * @param {{take: (value: any, event: KeyboardEvent | MouseEvent) => void, moved?: (value: any) => void}} hooks
   */
  constructor(field, list, hooks) {
    this.field = field;
    this.list = list;
    this.hooks = hooks;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "false");
    list.setAttribute("role", "listbox");
    field.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** What was chosen stays so while it is there. @param {Option[]} options @param {boolean} [first] whether the first one is chosen otherwise */
  show(options, first = true) {
    const before = this.#options[this.#at]?.id;
    this.#options = options;
    this.#at = options.findIndex((option) => option.id === before);
    if (this.#at < 0) this.#at = first && options.length ? 0 : -1;
    /** @type {Node[]} */ const rows = [];
    let group;
    for (const option of options) {
      if (option.group && option.group !== group) rows.push(el("li", { class: "group-name", role: "presentation" }, option.group));
      group = option.group;
      rows.push(el("li", { id: option.id, role: "option", class: "option", onmousedown: (/** @type {MouseEvent} */ event) => event.preventDefault(),
        onclick: (/** @type {MouseEvent} */ event) => this.#taken(option, event) }, option.node));
    }
    this.list.replaceChildren(...rows);
    this.#mark();
  }

  get chosen() {
    return this.#options[this.#at]?.value ?? null;
  }

  get isEmpty() {
    return this.#options.length === 0;
  }

  #mark() {
    const chosen = this.#options[this.#at];
    for (const row of this.list.querySelectorAll("[role=option]")) row.setAttribute("aria-selected", String(row.id === chosen?.id));
    this.field.setAttribute("aria-expanded", String(this.#options.length > 0));
    if (chosen) this.field.setAttribute("aria-activedescendant", chosen.id);
    else this.field.removeAttribute("aria-activedescendant");
    document.getElementById(chosen?.id ?? "")?.scrollIntoView({ block: "nearest" });
    this.hooks.moved?.(this.chosen);
  }

  /** @param {Option} option @param {KeyboardEvent | MouseEvent} event */
  #taken(option, event) {
    this.#at = this.#options.indexOf(option);
    this.#mark();
    this.hooks.take(option.value, event);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = this.#options.length;
    if (step && count) {
      this.#at = this.#at < 0 && step < 0 ? count - 1 : (this.#at + step + count) % count;
      this.#mark();
    } else if (event.key === "Enter" && this.#at >= 0) {
      this.#taken(this.#options[this.#at], event);
    } else return;
    event.preventDefault();
  }
}
