// The keyboard: one table of what each key does, the page that shows it, and the rule that letters never act inside a text field.
// By the place of the key and not by its letter (event.code), so that it works in any layout.
// @ts-check
import { byId, el } from "./dom.js";
import { t } from "./texts.js";

/**
 * @typedef {{code: string | string[], shift?: boolean, show: string, words: string, group: "call" | "result" | "desk", when?: () => boolean,
 *   act: (event: KeyboardEvent) => void}} Key `when` false: nothing happens, and the browser does what it would
 */

const EDITABLE = "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]";

/** Whether what is in focus takes letters; a field that was just closed keeps the focus for a frame. @param {Element | null} node */
export function isEditable(node) {
  return Boolean(node?.matches(EDITABLE) && node.getClientRects().length);
}

export class Keys {
  /** @param {Key[]} table */
  constructor(table) {
    this.table = table;
    this.help = /** @type {HTMLDialogElement} */ (byId("keys-help"));
    this.help.setAttribute("aria-labelledby", "keys-title");
    byId("keys-button").addEventListener("click", () => this.show());
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  show() {
    const groups = /** @type {const} */ (["call", "result", "desk"]).map((group) => el("section", {}, el("h3", {}, t(`keys_${group}`)),
      el("dl", { class: "keys-list" }, ...this.table.filter((key) => key.group === group && key.words).map((key) => el("div", {}, el("dt", {}, el("kbd", {}, key.show)), el("dd", {}, key.words))))));
    this.help.replaceChildren(el("h2", { id: "keys-title" }, t("keys_title")), el("p", { class: "quiet" }, t("keys_note")), el("div", { class: "keys-groups" }, ...groups),
      el("div", { class: "actions" }, el("button", { type: "button", class: "primary", onclick: () => this.help.close() }, t("close"), el("kbd", { "aria-hidden": "true" }, "Esc"))));
    this.help.showModal();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && isEditable(target)) return target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || (event.repeat && !event.code.startsWith("Arrow")) || isEditable(target)) return;
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
      event.preventDefault();
      return this.show();
    }
    const key = this.table.find((one) => (Array.isArray(one.code) ? one.code : [one.code]).includes(event.code) && Boolean(one.shift) === event.shiftKey && (!one.when || one.when()));
    if (!key) return;
    event.preventDefault();
    key.act(event);
  }
}
