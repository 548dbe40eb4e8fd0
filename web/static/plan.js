// The next contact: ready offers, or a time in plain words, understood by the server in the client's zone and repeated.
// @ts-check
import { ApiError, ask, isAbsent, path, why } from "./api.js";
import { el, later } from "./dom.js";
import { dayAndTime, ourZone, timeThere } from "./format.js";
import { icon } from "./icons.js";
import { currentLanguage, t } from "./texts.js";

const PAUSE_MS = 250;

/**
 * @typedef {{card_id?: string, client_id?: string, follow_up_id?: string}} About
 * @typedef {{about: About, zone: string, keepIn?: string, planned: (followUp: any) => void, cancel?: () => void}} Wish
 */

export class Plan {
  /** @type {string | null} */ #at = null;
  #asked = 0;
  #timer = 0;

  /** @param {Wish} wish `keepIn`: under which name unsent words survive a reload; `about.follow_up_id`: move that one */
  constructor(wish) {
    this.wish = wish;
    const id = `plan-${wish.about.follow_up_id ?? wish.about.card_id ?? wish.about.client_id}`;
    this.offers = el("div", { class: "chips", role: "group", "aria-label": t("plan_offers") });
    this.when = el("input", { class: "plan-when", id: `${id}-when`, maxlength: 100, placeholder: t("plan_when_placeholder"), "aria-describedby": `${id}-understood`, autocomplete: "off", oninput: () => this.#typed() });
    this.what = el("input", { class: "plan-what", id: `${id}-what`, maxlength: 500, placeholder: t("plan_what_placeholder"), autocomplete: "off", oninput: () => this.#keep() });
    this.understood = el("p", { class: "understood", id: `${id}-understood`, role: "status" });
    this.button = el("button", { class: "plan-it" }, t(wish.about.follow_up_id ? "plan_move" : "plan_it"));
    const give = wish.cancel ? el("button", { type: "button", class: "plain", onclick: wish.cancel }, t("cancel")) : "";
    this.root = el("form", { class: "plan", autocomplete: "off", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.offers,
      el("div", { class: "plan-row" },
        el("div", {}, el("label", { for: this.when.id }, t("plan_when")), this.when),
        wish.about.follow_up_id ? "" : el("div", {}, el("label", { for: this.what.id }, t("plan_what")), this.what)),
      el("div", { class: "plan-foot" }, this.understood, give, this.button));
    this.#restore();
    later(() => this.#loadOffers());
  }

  focus() {
    this.when.focus();
    this.when.select();
  }

  /** @param {string} zone */
  inZone(zone) {
    if (zone === this.wish.zone) return;
    this.wish.zone = zone;
    this.#loadOffers();
    if (this.when.value) this.#understand();
  }

  async #loadOffers() {
    try {
      const { offers } = await ask("GET", `/api/when/offers?${this.#query()}`);
      this.offers.replaceChildren(...offers.map((/** @type {any} */ offer) => el("button", { type: "button", class: "chip", onclick: () => this.#take(offer) }, offer.text)));
    } catch (error) {
      this.root.hidden = isAbsent(error); // away for a moment only: plain words work later
    }
  }

  #query(more = {}) {
    return new URLSearchParams({ zone: this.wish.zone, language: currentLanguage(), ...more }).toString();
  }

  /** @param {{text: string, at: string}} offer */
  #take(offer) {
    this.when.value = offer.text;
    this.#understood({ at: offer.at, zone: this.wish.zone });
    this.#keep();
    (this.wish.about.follow_up_id ? this.button : this.what).focus();
  }

  #typed() {
    this.#at = null;
    this.#asked++; // an answer that is on its way is about other words
    this.#keep();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#understand(), PAUSE_MS);
  }

  async #understand() {
    const text = this.when.value.trim();
    const turn = ++this.#asked;
    if (!text) return this.#say("", "");
    try {
      const found = await ask("GET", `/api/when?${this.#query({ text })}`);
      if (turn === this.#asked) this.#understood(found);
    } catch (error) {
      if (turn === this.#asked) this.#say(notUnderstood(error), "is-wrong");
    }
  }

  /** Say the time back, in the client's zone and in ours where they differ. @param {any} found */
  #understood(found) {
    this.#at = found.at;
    const words = currentLanguage() === "ru" ? found.text_ru : found.text_en;
    const there = timeThere(found.zone, found.at);
    const ours = dayAndTime(found.at);
    const same = timeThere(ourZone(), found.at) === there;
    this.#say(same ? words || ours : t("plan_understood", { there: words || there, zone: found.zone, ours }), "is-understood");
  }

  /** @param {string} text @param {string} kind */
  #say(text, kind) {
    this.understood.replaceChildren(...(kind === "is-understood" ? [icon("clock")] : []), text);
    this.understood.className = `understood ${kind}`;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (!this.when.value.trim()) return this.when.focus();
    clearTimeout(this.#timer); // it would make the answer that is waited for here an old one
    if (!this.#at) await this.#understand();
    if (!this.#at) return this.when.focus();
    this.button.disabled = true;
    const { follow_up_id, ...about } = this.wish.about;
    const words = { due_at: this.#at, ...(follow_up_id ? {} : { zone: this.wish.zone, text: this.what.value.trim(), ...about }) };
    try {
      const made = await (follow_up_id ? ask("PATCH", path`/api/follow-ups/${follow_up_id}`, words) : ask("POST", "/api/follow-ups", words));
      this.when.value = this.what.value = "";
      this.#at = null;
      this.#keep();
      this.#say("", "");
      this.wish.planned(made);
    } catch (error) {
      this.#say(t("failed", { why: why(error) }), "is-wrong");
    } finally {
      this.button.disabled = false;
    }
  }

  #keep() {
    const name = this.wish.keepIn;
    if (!name) return;
    if (this.when.value || this.what.value) localStorage.setItem(name, JSON.stringify([this.when.value, this.what.value]));
    else localStorage.removeItem(name);
  }

  #restore() {
    const kept = this.wish.keepIn ? localStorage.getItem(this.wish.keepIn) : null;
    if (!kept) return;
    [this.when.value, this.what.value] = JSON.parse(kept);
    this.#understand();
  }
}

/** With examples where the words made no time. @param {unknown} error */
function notUnderstood(error) {
  const examples = error instanceof ApiError ? error.body.examples : null;
  return examples ? t("plan_not_understood", { examples: examples.join(" · ") }) : why(error);
}
