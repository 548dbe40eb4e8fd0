// A table of numbers that is filled in from the keyboard: arrows move, digits set, Delete empties. For skills and memberships.
// @ts-check
import { el, outside } from "./dom.js";

/**
 * @typedef {{key: string, label: string, group: string, most: number}} Column `most` 5: levels; 1: yes or no
 * @typedef {{key: string, label: string, hint: string}} Row
 * @typedef {{label: string, columns: Column[], rows: Row[], get: (row: string, column: Column) => number,
 *   set: (row: string, column: Column, value: number) => void, isChanged: (row: string) => boolean, open: (row: string) => void,
 *   locked: (row: string) => boolean, say: (row: Row, column: Column, value: number) => string}} Of
 */

export class Grid {
  #at = { row: 0, column: 0 };
  /** What had the focus before the press that is going on. @type {Element | null} */ #before = null;

  /** @param {Of} of */
  constructor(of) {
    this.of = of;
    this.body = el("tbody", {});
    const groups = new Map();
    for (const column of of.columns) groups.set(column.group, (groups.get(column.group) ?? 0) + 1);
    this.table = el("table", { class: "grid", role: "grid", "aria-label": of.label },
      el("thead", {},
        el("tr", {}, el("td", { class: "grid-corner" }), ...[...groups].map(([group, count]) => el("th", { scope: "colgroup", colspan: count, class: "grid-group" }, group))),
        el("tr", {}, el("td", { class: "grid-corner" }), ...of.columns.map((column, n) => el("th", { scope: "col", class: this.#edge(n) }, outside(column.label))))),
      this.body);
    this.root = el("div", { class: "scroll grid-scroll" }, this.table);
    this.body.addEventListener("pointerdown", () => (this.#before = document.activeElement), { capture: true });
    this.body.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.#came(/** @type {HTMLElement} */ (event.target)));
    this.body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
    this.draw();
  }

  /** @param {Row[]} [rows] */
  draw(rows = this.of.rows) {
    this.of.rows = rows;
    this.#at.row = Math.min(this.#at.row, Math.max(0, rows.length - 1));
    const focused = this.body.contains(document.activeElement);
    this.body.replaceChildren(...rows.map((row, r) => el("tr", { class: this.of.isChanged(row.key) ? "is-changed" : "" },
      el("th", { scope: "row" }, el("button", { type: "button", class: "grid-name", onclick: () => this.of.open(row.key) }, outside(row.label), row.hint ? el("span", { class: "quiet" }, outside(row.hint)) : "")),
      ...this.of.columns.map((column, c) => this.#cell(row, column, r, c)))));
    if (focused) this.#focus();
  }

  /** @param {Row} row @param {Column} column @param {number} r @param {number} c */
  #cell(row, column, r, c) {
    const value = this.of.get(row.key, column), locked = this.of.locked(row.key);
    const here = r === this.#at.row && c === this.#at.column;
    const shown = column.most === 1 ? (value ? "✓" : "") : value ? String(value) : "";
    return el("td", { class: `grid-cell level-${column.most === 1 ? value * 3 : value} ${this.#edge(c)}`, tabindex: here ? 0 : -1, "aria-readonly": locked || null,
      "aria-label": this.of.say(row, column, value), onclick: () => this.#clicked(r, c) }, shown || "·");
  }

  /** @param {number} n */
  #edge(n) {
    return n && this.of.columns[n].group !== this.of.columns[n - 1].group ? "grid-edge" : "";
  }

  /** The first press goes there, the next ones count up: for mice and fingers. @param {number} r @param {number} c */
  #clicked(r, c) {
    const again = this.#at.row === r && this.#at.column === c && this.#before === this.#element();
    this.#at = { row: r, column: c };
    if (again) this.#put((this.#value() + 1) % (this.of.columns[c].most + 1));
    else this.#focus();
  }

  /** Wherever the focus came from. @param {HTMLElement} target */
  #came(target) {
    const cell = /** @type {HTMLTableCellElement | null} */ (target.closest("td"));
    const row = /** @type {HTMLTableRowElement | null} */ (target.closest("tr"));
    if (!cell || !row) return;
    this.#at = { row: row.sectionRowIndex, column: cell.cellIndex - 1 };
  }

  #element() {
    return this.body.rows[this.#at.row]?.cells[this.#at.column + 1];
  }

  #value() {
    return this.of.get(this.of.rows[this.#at.row].key, this.of.columns[this.#at.column]);
  }

  #focus() {
    for (const cell of this.body.querySelectorAll("td[tabindex='0']")) cell.tabIndex = -1;
    const cell = this.#element();
    if (!cell) return;
    cell.tabIndex = 0;
    cell.focus();
  }

  /** @param {number} value */
  #put(value) {
    const row = this.of.rows[this.#at.row], column = this.of.columns[this.#at.column];
    if (this.of.locked(row.key) || value < 0 || value > column.most) return;
    this.of.set(row.key, column, value);
    this.draw();
    this.#focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.tagName !== "TD" || event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, column } = this.#at;
    const last = { row: this.of.rows.length - 1, column: this.of.columns.length - 1 };
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, last.column], PageUp: [0, column], PageDown: [last.row, column],
    };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (move) {
      this.#at = { row: Math.max(0, Math.min(last.row, move[0])), column: Math.max(0, Math.min(last.column, move[1])) };
      this.#focus();
    } else if (/^\d$/.test(event.key)) this.#put(Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") this.#put(0);
    else if (event.key === "+" || event.key === "-") this.#put(this.#value() + (event.key === "+" ? 1 : -1));
    else if (event.key === " ") this.#put((this.#value() + 1) % (this.of.columns[column].most + 1));
    else if (event.key === "Enter") this.of.open(this.of.rows[row].key);
    else return;
    event.preventDefault();
  }
}
