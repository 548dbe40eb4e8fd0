// A field with a list under it: typing narrows the list, arrows move in it, Enter takes; the focus stays in the field.
// @ts-check
import { el, keep } from "./dom.js";

/** @typedef {{id: string, node: HTMLElement, group?: string, value: any}} Option */

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
    keep(this.list, grouped(options), {
      key: (row) => (typeof row === "string" ? `group ${row}` : row.id),
      says: (row) => (typeof row === "string" ? "" : row.node.outerHTML),
      make: (row) => (typeof row === "string" ? el("li", { class: "group-name", role: "presentation" }, row) : this.#row(row.id)),
      fill: (line, row) => typeof row === "string" || line.replaceChildren(row.node),
    });
    this.#mark();
  }

  get chosen() {
    return this.#options[this.#at]?.value ?? null;
  }

  get isEmpty() {
    return this.#options.length === 0;
  }

  /** @param {string} id */
  #row(id) {
    const taken = (/** @type {MouseEvent} */ event) => this.#taken(this.#options.findIndex((option) => option.id === id), event);
    return el("li", { id, role: "option", class: "option", onmousedown: (/** @type {MouseEvent} */ event) => event.preventDefault(), onclick: taken });
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

  /** @param {number} at @param {KeyboardEvent | MouseEvent} event */
  #taken(at, event) {
    this.#at = at;
    this.#mark();
    this.hooks.take(this.#options[at].value, event);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = this.#options.length;
    if (step && count) {
      this.#at = this.#at < 0 && step < 0 ? count - 1 : (this.#at + step + count) % count;
      this.#mark();
    } else if (event.key === "Enter" && this.#at >= 0) {
      this.#taken(this.#at, event);
    } else return;
    event.preventDefault();
  }
}

/** With the names of their groups in between. @param {Option[]} options @returns {(Option | string)[]} */
function grouped(options) {
  return options.flatMap((option, n) => (option.group && option.group !== options[n - 1]?.group ? [option.group, option] : [option]));
}
