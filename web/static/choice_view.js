// Why these operators were offered a conversation: each offer with who could have had it, who couldn't, and what came of it.
// @ts-check
import { ask, path, why } from "./api.js";
import { pauseReason, queueTitle } from "./declared.js";
import { el, outside } from "./dom.js";
import { clock, dayAndTime, secondsBetween } from "./format.js";
import { isAtLeast, whoIsHere } from "./frame.js";
import { t } from "./texts.js";
import { exactTime, points, shortTime } from "./why_words.js";

const HOUR_S = 3_600;

export class Choices {
  #shown = "";

  /** @param {string} cardId */
  constructor(cardId) {
    this.cardId = cardId;
    this.root = el("div", { class: "choices" }, el("p", { class: "quiet", role: "status" }, t("loading")));
  }

  async refresh() {
    try {
      const told = await ask("GET", path`/api/routing/cards/${this.cardId}/why`);
      const shown = JSON.stringify(told);
      if (shown === this.#shown) return;
      this.#shown = shown;
      const offers = told.offers.map((/** @type {any} */ one) => offer(one, told.names));
      this.root.replaceChildren(offers.length ? el("ol", { class: "offers" }, ...offers) : el("p", { class: "quiet" }, t("choice_none")));
    } catch (error) {
      this.root.replaceChildren(el("p", { class: "problem", role: "alert" }, t("failed", { why: why(error) })));
    }
  }
}

/** A button that shows the reasons below the line; none for those who may not ask. @param {any} card of a list or of a time line @returns {Node[]} */
export function whyButton(card) {
  if (!mayAsk(card)) return [];
  const place = el("div", { class: "choice-place" });
  const open = async () => {
    if (place.childElementCount) {
      place.replaceChildren();
    } else {
      const choices = new Choices(card.card_id);
      place.replaceChildren(choices.root);
      await choices.refresh();
    }
    button.setAttribute("aria-expanded", String(place.childElementCount > 0));
  };
  const words = `${t("choice_title")} ${dayAndTime(card.started_at)}`;
  const button = el("button", { type: "button", class: "small act-why", title: t("choice_title"), "aria-label": words, "aria-expanded": "false", onclick: open }, t("choice_ask"));
  return [button, place];
}

/** Supervisors of every call from a queue, operators of their own. @param {any} card */
function mayAsk(card) {
  const me = whoIsHere();
  if (!me || !(card.queue ?? card.queues?.length)) return false;
  return isAtLeast(me, "supervisor") || (me.extension !== null && me.extension === (card.agent ?? card.operator));
}

/** @param {any} one @param {Record<string, string>} names */
function offer(one, names) {
  const name = (/** @type {string} */ login) => names[login] ?? login;
  const ended = one.ended_at ? ` ${t("after", { time: shortTime(secondsBetween(one.at, one.ended_at)) })}` : "";
  return el("li", { class: "offer" },
    el("p", { class: "offer-head" }, el("time", { datetime: one.at }, exactTime(one.at)), " ",
      el("strong", {}, outside(t("choice_offer", { name: name(one.login) || one.agent }), "span")), one.queue ? outside(` · ${queueTitle(one.queue)}`, "span") : "",
      " ", el("span", { class: `badge outcome-${one.outcome ?? "open"}` }, t(/** @type {any} */ (`outcome_${one.outcome ?? "open"}`)) + ended)),
    ...(one.choice ? reasons(one.choice, name) : [el("p", { class: "quiet" }, t("choice_unseen"))]));
}

/** @param {any} choice @param {(login: string) => string} name */
function reasons(choice, name) {
  const values = { requirement: choice.requirement, step: String(choice.step), waited: clock(choice.waited_s), score: points(choice.score) };
  const able = choice.candidates.map((/** @type {any} */ each) => el("li", {}, outside(`${name(each.login)} · ${measure(choice.strategy, each.measure)}`, "span")));
  const others = choice.excluded.map((/** @type {any} */ each) => el("li", {}, outside(t("op_says", { name: name(each.login), what: keeps(each) }), "span")));
  return [
    el("p", {}, t(choice.requirement === "any" ? "choice_asked_any" : "choice_asked", values), " ", t("choice_by", { strategy: t(/** @type {any} */ (`strategy_${choice.strategy}`)) })),
    el("div", { class: "why-halves" },
      el("div", {}, el("h4", {}, t("choice_candidates")), el("ol", {}, ...able), able.length === 1 ? el("p", { class: "quiet" }, t("choice_only")) : ""),
      others.length ? el("div", {}, el("h4", {}, t("choice_excluded")), el("ul", {}, ...others)) : ""),
    choice.more ? el("p", { class: "quiet" }, t("choice_more", { count: String(choice.more) })) : "",
  ];
}

/** What the strategy looked at first. @param {string} strategy @param {number[]} numbers */
function measure(strategy, numbers) {
  const idle = t("measure_idle", { time: exactTime(new Date((numbers.at(-1) ?? 0) * 1000).toISOString()) });
  if (strategy === "best_skill") return `${t("measure_skill", { n: String(-numbers[0]) })}, ${idle}`;
  if (strategy === "least_loaded") return `${t("measure_items", { n: String(numbers[0]), handled: String(numbers[1]) })}, ${idle}`;
  if (strategy === "round_robin") return `${t("measure_turn", { n: String(numbers[0]) })}, ${idle}`;
  if (strategy === "scarcity") return `${t("measure_missed", { n: points(numbers[0] * HOUR_S) })}, ${idle}`;
  return idle;
}

/** @param {{obstacles: string[], missing: string[]}} one */
function keeps(one) {
  const plain = { time: "", until: "", reason: pauseReason("") };
  const words = one.obstacles.filter((each, n) => one.obstacles.indexOf(each) === n).map((each) => {
    if (each === "requirement") return t("op_requirement", { missing: one.missing.join(t("op_joint")) });
    return t(/** @type {any} */ (each === "paused" ? "op_paused_plain" : each === "not_ready" ? "op_busy" : `op_${each}`), plain).replace(/\s*\([^)]*\)/, "");
  });
  return words.join(t("op_joint"));
}
