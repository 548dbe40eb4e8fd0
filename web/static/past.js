// Earlier conversations: one as a line of a list, and the whole time line that grows while one scrolls.
// @ts-check
import { ask, isAbsent, path, why } from "./api.js";
import { whyButton } from "./choice_view.js";
import { correction } from "./correct.js";
import { outcome, queueTitle } from "./declared.js";
import { el, outside, visible } from "./dom.js";
import { clock, dayAndTime } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

/** What it was, for those who don't see the picture. @param {any} item */
function way(item) {
  const voice = !item.channel || item.channel === "voice";
  const name = voice ? item.direction : item.channel;
  const words = voice ? t(item.direction) : `${item.channel}, ${t(item.direction)}`;
  const known = ["inbound", "outbound", "internal", "email", "sms"].includes(name) ? name : "story";
  return el("span", { class: "way", role: "img", "aria-label": words, title: words }, icon(known));
}

/** One earlier conversation. @param {any} item @param {{marked?: string | null, mayCorrect?: boolean}} [how] `marked`: the card to point out; `mayCorrect`: and ask why this operator */
export function pastItem(item, { marked = null, mayCorrect = false } = {}) {
  const notes = outside(item.notes, "p", { class: "past-notes", hidden: !item.notes });
  const corrected = (/** @type {string} */ text) => {
    notes.textContent = visible(text);
    notes.hidden = !text;
  };
  const facts = [item.queue ? queueTitle(item.queue) : "", item.agent].filter(Boolean).map((text) => outside(text, "span", { class: "fact" }));
  const talk = item.answered ? (item.talk_s === null ? "" : clock(item.talk_s)) : t("history_missed");
  return el(
    "li", { class: `${item.answered ? "" : "was-missed"} ${item.card_id === marked ? "is-marked" : ""}`, "data-card": item.card_id },
    el("div", { class: "past-head" }, way(item),
      el("time", { datetime: item.started_at }, dayAndTime(item.started_at)), ...facts,
      talk ? el("span", { class: "fact" }, talk) : "",
      item.disposition ? el("span", { class: "badge" }, outside(outcome(item.disposition))) : ""),
    notes, ...(mayCorrect ? correction(item, corrected) : []), ...(mayCorrect ? whyButton(item) : []),
  );
}

export class TimeLine {
  /** @type {string | null} */ #next = null;
  #busy = false;
  #watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#more());

  /** @param {string} clientId @param {string | null} [marked] */
  constructor(clientId, marked = null) {
    this.clientId = clientId;
    this.marked = marked;
    this.list = el("ol", { class: "past" });
    this.note = el("p", { class: "quiet", role: "status" });
    this.button = el("button", { type: "button", class: "plain", hidden: true, onclick: () => this.#more() }, t("cards_more"));
    this.root = el("div", { class: "time-line" }, this.list, this.note, this.button);
    this.#more();
  }

  async #more() {
    if (this.#busy) return;
    this.#busy = true;
    this.note.textContent = t("loading");
    try {
      const before = this.#next ? `&before=${encodeURIComponent(this.#next)}` : "";
      const page = await ask("GET", `${path`/api/clients/${this.clientId}/timeline`}?limit=30${before}`);
      this.list.append(...page.items.map((/** @type {any} */ item) => pastItem(item, { marked: this.marked, mayCorrect: true })));
      this.#next = page.next;
      this.button.hidden = !page.next;
      this.note.textContent = this.list.childElementCount ? "" : t("history_none");
      if (page.next) this.#watch.observe(this.button);
      else this.#watch.disconnect();
      this.list.querySelector(".is-marked")?.scrollIntoView({ block: "center" });
      this.marked = null;
    } catch (error) {
      this.note.textContent = isAbsent(error) ? "" : t("failed", { why: why(error) });
      this.button.hidden = isAbsent(error);
    } finally {
      this.#busy = false;
    }
  }
}
