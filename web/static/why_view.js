// The reasons of one that waits, below its line: sentences, what would help, points. Refreshed in place, so that focus stays.
// @ts-check
import { ApiError, ask, path } from "./api.js";
import { Choices } from "./choice_view.js";
import { el, outside } from "./dom.js";
import { tell, tellFailure } from "./notice.js";
import { t } from "./texts.js";
import { operatorSays, place, points, scoreSays, sentences, wouldSentences } from "./why_words.js";

const RAISE = 10;

export class WhyView {
  /** @type {any} */ #why = null;
  /** @type {Choices | null} */ #choices = null;

  /** @param {string} itemId @param {() => void} changed its points are others */
  constructor(itemId, changed) {
    this.itemId = itemId;
    this.changed = changed;
    this.says = el("ul", { class: "why-says" });
    this.score = el("p", { class: "hint" });
    this.would = el("ul", { class: "why-would" });
    this.count = el("summary");
    this.all = el("ul", { class: "why-operators" });
    this.first = el("button", { type: "button", class: "small", onclick: () => this.#raise(this.#why.first_with) }, t("why_put_first"));
    this.more = el("button", { type: "button", class: "small", onclick: () => this.#raise(this.#why.points.raised + RAISE) }, t("why_raise", { points: String(RAISE) }));
    this.back = el("button", { type: "button", class: "small", onclick: () => this.#raise(0) }, t("why_take_back"));
    this.waits = el("div", { hidden: true },
      el("div", { class: "why-halves" },
        el("div", {}, this.says, this.score),
        el("div", {}, el("h3", {}, t("why_would")), this.would)),
      el("div", { class: "actions" }, el("h3", {}, t("why_points")), this.first, this.more, this.back),
      el("details", {}, this.count, this.all));
    this.note = el("p", { class: "quiet", role: "status" }, t("loading"));
    this.offered = el("div", {});
    this.root = el("div", { class: "why" }, this.note, this.waits, this.offered);
  }

  /** Look again. @param {any} item its line in the list */
  async refresh(item) {
    if (item.score === null) return this.#say(t(/** @type {any} */ (`wait_held_${item.held ?? "pbx"}`)));
    if (item.state === "offered" && item.channel === "voice") return this.#drawOffer(item.card_id);
    if (item.state === "offered") return this.#say(t("wait_offered", { names: item.offered_to.join(", ") }));
    try {
      this.#why = await ask("GET", path`/api/routing/waiting/${this.itemId}/why`);
      this.#draw();
    } catch (error) {
      if (error instanceof ApiError && [404, 409].includes(error.status)) return; // the list will tell in a moment
      throw error;
    }
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.waits.hidden = true;
    this.offered.replaceChildren();
    this.#choices = null;
  }

  #draw() {
    const why = this.#why;
    this.#say("");
    this.waits.hidden = false;
    lines(this.says, sentences(why));
    this.score.textContent = scoreSays(why);
    lines(this.would, wouldSentences(why));
    this.first.hidden = why.first_with === null;
    this.back.hidden = why.points.raised === 0;
    this.count.textContent = t("why_operators", { count: String(why.operators.length) });
    lines(this.all, why.operators.map((/** @type {any} */ one) => `${operatorSays(one)}${one.ahead ? ` · ${t("why_ahead", { count: String(one.ahead) })}` : ""}`));
  }

  /** @param {string | null} cardId */
  async #drawOffer(cardId) {
    if (cardId === null || this.#choices) return this.#choices?.refresh();
    this.#say("");
    this.#choices = new Choices(cardId);
    this.offered.replaceChildren(this.#choices.root);
    await this.#choices.refresh();
  }

  /** @param {number} offset */
  async #raise(offset) {
    try {
      await ask("POST", path`/api/routing/waiting/${this.itemId}/priority`, { offset });
      this.#why = await ask("GET", path`/api/routing/waiting/${this.itemId}/why`);
      this.#draw();
      tell(t("why_raised_now", { position: place(this.#why.position), points: points(offset) }));
      this.changed();
    } catch (error) {
      tellFailure(error);
    }
  }
}

/** @param {HTMLElement} list @param {string[]} texts */
function lines(list, texts) {
  list.replaceChildren(...texts.map((text) => el("li", {}, outside(text, "span"))));
}
