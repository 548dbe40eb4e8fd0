// The result of a conversation: notes as typed, the outcome as one key, and both texts where two people wrote at once.
// @ts-check
import { ask, path, why } from "./api.js";
import { outcome, outcomesOf, said } from "./declared.js";
import { el, later, outside } from "./dom.js";
import { timeOfDay } from "./format.js";
import { t } from "./texts.js";

/** @typedef {import("./drafts.js").Typed} Typed */

export class Result {
  #touched = false;
  /** @type {string | null} */ #chosen = null;
  /** @type {string | null} */ #base = null;
  /** @type {string | null | undefined} */ #queue = undefined;

  /** @param {string} cardId @param {import("./drafts.js").Drafts} drafts */
  constructor(cardId, drafts) {
    this.cardId = cardId;
    this.drafts = drafts;
    this.notes = el("textarea", { id: "notes", rows: 5, maxlength: 10_000, placeholder: t("notes_placeholder"), oninput: () => this.#keep() });
    this.saved = el("p", { class: "save-state", role: "status" });
    this.conflict = el("div", { class: "conflict", hidden: true, role: "alert" });
    this.outcomes = el("div", { class: "chips outcomes", role: "radiogroup", "aria-labelledby": "outcome-title", id: "outcomes" });
    this.root = el("div", { class: "result-fields" },
      el("div", { class: "label-row" }, el("label", { for: "notes" }, t("notes")), this.saved), this.notes, this.conflict,
      el("p", { class: "label", id: "outcome-title" }, t("disposition")), this.outcomes);
    this.#fill();
  }

  /** The queue decides which outcomes there are. @param {string | null} queue */
  ofQueue(queue) {
    if (queue === this.#queue) return;
    this.#queue = queue;
    this.#drawOutcomes();
  }

  /** The outcome of that key; false where there is none. @param {number} number */
  choose(number) {
    const one = outcomesOf(this.#queue ?? null)[number - 1];
    if (one) this.#pick(one.code);
    return Boolean(one);
  }

  /** @param {import("./drafts.js").SaveState} state @param {any} [about] */
  saveState(state, about) {
    if (state === "saved" || state === "journal") this.#base = about;
    const key = { saving: "saving", saved: "saved", journal: "saved_journal", kept: "kept", refused: "refused_save", conflict: "conflict_short" }[state];
    const values = { time: timeOfDay(new Date().toISOString()), why: state === "refused" ? why(about) : "" };
    this.saved.textContent = t(/** @type {any} */ (key), values);
    this.saved.className = `save-state save-${state}`;
    if (state === "conflict") this.#drawConflict(about);
  }

  #drawOutcomes() {
    const list = outcomesOf(this.#queue ?? null);
    const shown = this.#chosen && !list.some((one) => one.code === this.#chosen) ? [...list, null] : list;
    const focused = this.outcomes.contains(document.activeElement);
    this.outcomes.replaceChildren(...shown.map((one, n) => {
      const code = one?.code ?? this.#chosen ?? "";
      const checked = code === this.#chosen;
      const reachable = checked || (!this.#chosen && n === 0);
      return el("button", { type: "button", class: "chip", role: "radio", "aria-checked": String(checked), tabindex: reachable ? 0 : -1, "data-code": code,
        onclick: () => this.#pick(checked ? null : code), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event) },
        n < 9 && one ? el("kbd", { "aria-hidden": "true" }, String(n + 1)) : "", outside(one ? said(one) : outcome(code), "span"));
    }));
    if (focused) this.outcomes.querySelector("[tabindex='0']")?.focus();
  }

  /** Arrows go from one outcome to the next, as in any group of choices. @param {KeyboardEvent} event */
  #moved(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...this.outcomes.children];
    const next = all[(all.indexOf(/** @type {any} */ (event.currentTarget)) + step + all.length) % all.length];
    this.#pick(next.dataset.code);
  }

  /** @param {string | null} code */
  #pick(code) {
    this.#chosen = code;
    this.#drawOutcomes();
    this.#keep();
  }

  #keep() {
    this.#touched = true;
    const conflict = this.drafts.of(this.cardId)?.conflict;
    this.drafts.keep(this.cardId, { notes: this.notes.value, disposition: this.#chosen, base: this.#base, ...(conflict ? { conflict } : {}) });
    if (!conflict) this.saveState("saving");
  }

  /** What was typed before: in this browser first, else on the card. */
  #fill() {
    const draft = this.drafts.of(this.cardId);
    if (draft) {
      this.#base = draft.base;
      this.#put(draft);
      return draft.conflict ? this.saveState("conflict", draft.conflict) : this.saveState("kept");
    }
    later(() => this.#ask());
  }

  async #ask() {
    const card = await ask("GET", path`/api/cards/${this.cardId}`).catch(() => null);
    if (!card) return;
    this.#base = card.edited_at ?? null;
    if (!this.#touched) this.#put(card);
  }

  /** @param {{notes: string, disposition: string | null}} typed */
  #put(typed) {
    this.notes.value = typed.notes;
    this.#chosen = typed.disposition || null;
    this.#drawOutcomes();
  }

  /** @param {import("./drafts.js").Theirs} theirs */
  #drawConflict(theirs) {
    const solve = (/** @type {() => string} */ choice) => () => {
      const notes = choice();
      this.notes.value = notes;
      this.#base = theirs.edited_at;
      this.conflict.hidden = true;
      this.drafts.keep(this.cardId, { notes, disposition: this.#chosen, base: this.#base });
      this.saveState("saving");
      this.notes.focus();
    };
    const both = () => [theirs.notes, this.notes.value].filter(Boolean).join("\n\n");
    this.conflict.replaceChildren(
      el("p", {}, t("conflict", { who: theirs.edited_by, time: timeOfDay(theirs.edited_at) })),
      outside(theirs.notes, "blockquote"),
      el("div", { class: "actions" },
        el("button", { type: "button", class: "primary", onclick: solve(both) }, t("conflict_both")),
        el("button", { type: "button", onclick: solve(() => this.notes.value) }, t("conflict_mine")),
        el("button", { type: "button", onclick: solve(() => theirs.notes) }, t("conflict_theirs"))));
    this.conflict.hidden = false;
  }
}
