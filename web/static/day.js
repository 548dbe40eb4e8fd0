// The start screen: what is due, whom I missed, with whom I spoke last. Each line opens the client; C calls the line in focus.
// @ts-check
import { ApiError, ask, isAbsent, why } from "./api.js";
import { dial } from "./call_acts.js";
import { declared, outcome, queueTitle } from "./declared.js";
import { el, outside } from "./dom.js";
import { dueThere, followUpActs, lateText } from "./follow_ups.js";
import { clock, dayAndTime, isToday, timeOfDay, today } from "./format.js";
import { icon } from "./icons.js";
import { Items } from "./items.js";
import { t } from "./texts.js";

const FRESH_MS = 60_000;

export class Day {
  /** @type {any} */ #page = null;
  #hidden = false;
  #askedAt = 0;
  #shown = "";

  /** @param {{open: (subject: import("./panel.js").Subject) => void, counted: () => void, hasPhone: boolean, firstName: string}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.problem = el("p", { class: "problem", role: "status" });
    this.body = el("div", { class: "day-body" });
    this.items = new Items({ open: hooks.open });
    this.root = el("article", { class: "day", "aria-labelledby": "day-title" },
      el("header", { class: "day-head" }, el("h1", { id: "day-title", tabindex: -1 }, t("my_day")), el("p", { class: "quiet" }, today())), this.problem, this.items.problem, this.items.root, this.body);
    this.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
    this.#draw();
  }

  /** How many are late, for the list of calls. */
  get overdue() {
    return this.#page?.overdue?.length ?? 0;
  }

  get dueToday() {
    return this.#page?.today?.length ?? 0;
  }

  /** Look again, unless that was done a moment ago. */
  async refresh(now = false) {
    if (this.#hidden || (!now && Date.now() - this.#askedAt < FRESH_MS)) return;
    this.#askedAt = Date.now();
    void this.items.refresh();
    try {
      this.#page = await ask("GET", "/api/my-day");
      this.problem.textContent = "";
    } catch (error) {
      if (isAbsent(error)) this.#hidden = true;
      else if (!(error instanceof ApiError && error.status === 401)) this.problem.textContent = t("day_unavailable", { why: why(error) });
    }
    this.#draw();
    this.hooks.counted();
  }

  /** The line in focus, or none. @returns {HTMLElement | null} */
  get #line() {
    return /** @type {any} */ (document.activeElement)?.closest?.(".day li[data-line]") ?? null;
  }

  /** Call the line in focus; false where none is. */
  callFocused() {
    const line = this.#line;
    if (!line?.dataset.number) return false;
    dial(line.dataset.number, { client_id: line.dataset.client, card_id: line.dataset.card });
    return true;
  }

  /** Up and down through all lines. @param {1 | -1} step */
  move(step) {
    const lines = [...this.root.querySelectorAll("li[data-line] .line-main")];
    const at = lines.indexOf(/** @type {any} */ (this.#line?.querySelector(".line-main")));
    const next = lines[at < 0 ? (step > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, at + step))];
    /** @type {any} */ (next)?.focus();
    return Boolean(next);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.target instanceof HTMLInputElement || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(event.key === "ArrowDown" ? 1 : -1);
  }

  #draw() {
    const page = this.#page;
    const shown = JSON.stringify([page, this.#hidden]);
    if (shown === this.#shown || this.root.querySelector(".move-form form")) return; // don't move lines under a finger
    this.#shown = shown;
    const key = this.#line?.dataset.line;
    if (!page) this.body.replaceChildren(this.#nothing());
    else this.body.replaceChildren(this.#due(page), this.#talks(page));
    if (key) /** @type {any} */ (this.root.querySelector(`li[data-line="${CSS.escape(key)}"] .line-main`))?.focus();
  }

  #nothing() {
    return el("div", { class: "empty" }, el("h2", {}, t("empty_title")), el("p", { class: "quiet" }, t(this.hooks.hasPhone ? "empty_text" : "empty_no_extension")));
  }

  /** @param {any} page */
  #due(page) {
    const groups = [
      group("overdue", t("overdue"), page.overdue.map((/** @type {any} */ one) => this.#promise(one, true)), "is-late"),
      group("today", t("due_today"), page.today.map((/** @type {any} */ one) => this.#promise(one, false))),
      group("later", t("due_later"), page.later.map((/** @type {any} */ one) => this.#promise(one, false)), "is-later"),
    ].filter(Boolean);
    const nothing = el("div", { class: "all-done" }, icon("check"), el("p", {}, t("nothing_due")), el("p", { class: "quiet" }, t("nothing_due_hint")));
    return el("section", { class: "day-part day-due", "aria-labelledby": "due-title" }, el("h2", { id: "due-title" }, t("follow_ups")), ...(groups.length ? groups : [nothing]));
  }

  /** @param {any} page */
  #talks(page) {
    const missed = page.missed.map((/** @type {any} */ card) => this.#card(card, true));
    const last = page.last.map((/** @type {any} */ card) => this.#card(card, false));
    const none = el("p", { class: "quiet" }, t(this.hooks.hasPhone ? "empty_text" : "empty_no_extension"));
    return el("section", { class: "day-part", "aria-labelledby": "last-title" },
      missed.length ? el("div", { class: "day-group is-missed-group" }, el("h2", { id: "missed-title" }, t("missed_calls"), " ", el("span", { class: "count" }, String(missed.length))), el("ul", { class: "lines-list" }, ...missed)) : "",
      el("h2", { id: "last-title" }, t("last_talks")), last.length ? el("ul", { class: "lines-list" }, ...last) : none);
  }

  /** @param {any} one @param {boolean} late */
  #promise(one, late) {
    const who = one.client_name || one.number_text;
    const subject = { client_id: one.client_id, name: who, card_id: one.card_id, number: one.number, number_text: one.number_text };
    return line({
      key: `f-${one.follow_up_id}`, number: one.number, client: one.client_id, card: one.card_id,
      open: () => this.hooks.open(subject), time: isToday(one.due_at) ? timeOfDay(one.due_at) : dayAndTime(one.due_at), late: late ? lateText(one) : "", there: dueThere(one), who, text: one.text || t("follow_up_plain"),
      acts: [callButton(one.number, who, { client_id: one.client_id, card_id: one.card_id }), ...followUpActs(one, () => this.refresh(true))],
    });
  }

  /** @param {any} card @param {boolean} missed */
  #card(card, missed) {
    const who = card.client_name || card.caller_name || card.number_text || t("hidden_number");
    const subject = { client_id: card.client_id, name: card.client_name || card.caller_name, card_id: card.card_id, number: card.number, number_text: card.number_text };
    const queue = card.queues?.length ? queueTitle(card.queues[card.queues.length - 1]) : "";
    const facts = missed ? [queue, card.wait_s === null ? "" : t("waited_for", { time: clock(card.wait_s) })] : [card.disposition ? outcome(card.disposition) : "", card.notes || queue];
    return line({
      key: `c-${card.card_id}`, number: card.number, client: card.client_id, card: card.card_id,
      open: () => this.hooks.open(subject), time: dayAndTime(card.started_at), late: "", who, text: facts.filter(Boolean).join(" · "), way: missed ? "" : card.direction,
      acts: [callButton(card.number, who, { client_id: card.client_id, card_id: card.card_id })],
    });
  }
}

/** @param {string} id @param {string} title @param {Node[]} lines @param {string} [kind] */
function group(id, title, lines, kind = "") {
  if (!lines.length) return null;
  return el("div", { class: `day-group ${kind}` }, el("h3", { id: `due-${id}` }, title, " ", el("span", { class: "count" }, String(lines.length))), el("ul", { class: "lines-list", "aria-labelledby": `due-${id}` }, ...lines));
}

/** @param {any} what */
function line(what) {
  return el("li", { "data-line": what.key, "data-number": what.number, "data-client": what.client, "data-card": what.card },
    el("button", { type: "button", class: "line-main", onclick: what.open },
      el("span", { class: "line-time" }, what.way ? icon(what.way) : "", what.time, what.late ? el("span", { class: "late" }, what.late) : what.there ? el("span", { class: "there" }, what.there) : ""),
      el("span", { class: "line-who" }, outside(what.who)),
      el("span", { class: "line-text quiet" }, outside(what.text))),
    el("span", { class: "line-acts" }, ...what.acts));
}

/** @param {string} number @param {string} who @param {any} about */
function callButton(number, who, about) {
  if (!number || !declared().can.dial) return "";
  return el("button", { type: "button", class: "small-button", title: `${t("call_it")} (C)`, "aria-label": t("call_back", { number: who }), onclick: () => dial(number, about) }, icon("phone"));
}
