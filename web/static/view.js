// Draws tiles, banners and the state of the lines. Only draws: what happens is operator.js's business.
// @ts-check
import { queueTitle } from "./declared.js";
import { el, outside, setText } from "./dom.js";
import { clock, secondsBetween, timeOfDay } from "./format.js";
import { icon } from "./icons.js";
import { isLive, isMissed } from "./pops.js";
import { t } from "./texts.js";

/** @typedef {import("./pops.js").Pop} Pop */

/** Who it is, in one line: the client, the name that came with the call, or the number. @param {Pop} pop */
export function who(pop) {
  return pop.client?.name || pop.caller_name || pop.number_text || t("hidden_number");
}

/** @param {Pop} pop */
export function stateWord(pop) {
  if (isMissed(pop)) return t(pop.unseen ? "unseen" : "missed");
  if (pop.state === "ringing" && pop.direction === "outbound") return t("calling");
  if (pop.state === "ended" && !pop.answered_at) return t("not_answered");
  return t(/** @type {any} */ (pop.state));
}

/** For colours. @param {Pop} pop */
export function stateClass(pop) {
  return isMissed(pop) ? "is-missed" : `is-${pop.state}`;
}

/** An element whose text counts up until `until`. @param {string} since @param {string | null} until */
export function counter(since, until, attributes = {}) {
  const text = clock(secondsBetween(since, until));
  return el("span", { ...attributes, "data-since": since, "data-until": until, class: "counter" }, text);
}

/** An element whose text counts down to `until`; its last seconds look different. @param {string} until */
export function countdown(until) {
  const node = el("span", { class: "countdown", "data-until": until, role: "timer", "aria-label": t("wrap_up_left") });
  left(node);
  return node;
}

/** @param {any} node */
function left(node) {
  const seconds = Math.max(0, -secondsBetween(node.dataset.until, null));
  setText(node, clock(Math.ceil(seconds)));
  node.classList.toggle("is-short", seconds <= 10);
}

/** Move on every counter on the page. */
export function countOn() {
  for (const node of document.querySelectorAll(".counter:not([data-until])")) {
    setText(node, clock(secondsBetween(/** @type {any} */ (node).dataset.since, null)));
  }
  for (const node of document.querySelectorAll(".countdown")) left(node);
}

/** The time that matters now: the wait while it rings, the talk while it lasts, else when it was. @param {Pop} pop */
export function mainTime(pop) {
  if (pop.state === "ringing") return counter(pop.waiting_since ?? pop.offered_at, null);
  if (isLive(pop)) return counter(pop.answered_at ?? pop.offered_at, null);
  return el("span", {}, timeOfDay(pop.offered_at));
}

/** @param {Pop} pop @param {boolean} chosen @param {() => void} choose */
export function tile(pop, chosen, choose) {
  const second = pop.client?.name || pop.caller_name ? pop.number_text : "";
  return el(
    "li",
    { "data-card": pop.card_id },
    el(
      "button",
      { class: `tile ${stateClass(pop)}`, "aria-current": chosen ? "true" : null, onclick: choose },
      el("span", { class: "tile-row" }, el("span", { class: "tile-who" }, pop.client?.warning ? icon("warning") : pop.client?.vip ? icon("star") : "", outside(who(pop))), el("span", { class: "tile-time" }, mainTime(pop))),
      el("span", { class: "tile-row" }, el("span", { class: "tile-state" }, stateWord(pop)),
        el("span", { class: "tile-number quiet" }, outside(second || queueTitle(pop.queue ?? "")))),
    ),
  );
}

/** @param {"live" | "away" | "connecting"} state @param {string} name */
function lamp(state, name) {
  return el("li", { class: `lamp lamp-${state}`, title: `${name}: ${t(state)}` }, el("span", { class: "lamp-dot" }), el("span", { class: "lamp-name" }, name), el("span", { class: "lamp-word" }, `: ${t(state)}`));
}

/** @param {import("./pops.js").State} state @param {boolean} socketLive @param {boolean} everLive */
export function lamps(state, socketLive, everLive) {
  const links = [...state.links.values()];
  const of = (/** @type {string} */ kind) => links.filter((link) => link.kind === kind);
  const known = (/** @type {string} */ kind) => socketLive && of(kind).length > 0;
  const word = (/** @type {string} */ kind) => (of(kind).every((link) => link.live) ? "live" : "away");
  const out = [];
  if (known("pbx")) out.push(lamp(word("pbx"), t("state_phone")));
  if (known("database")) out.push(lamp(word("database"), t("state_database")));
  out.push(lamp(socketLive ? "live" : everLive ? "away" : "connecting", t("state_socket")));
  return out;
}

/** What isn't live, since when, and what that means. @param {import("./pops.js").State} state @param {number | null} lostAt */
export function banners(state, lostAt) {
  const out = [];
  if (lostAt !== null) out.push(banner("banner_socket", new Date(lostAt).toISOString(), {}));
  for (const link of lostAt === null ? state.links.values() : []) {
    if (link.live) continue;
    out.push(banner(link.kind === "pbx" ? "banner_pbx" : "banner_database", link.since, { name: link.name }));
  }
  return out;
}

/** @param {any} key @param {string} since @param {Record<string, string>} values */
function banner(key, since, values) {
  const [before, after] = t(key, { ...values, age: "\u0000" }).split("\u0000");
  return el("p", { class: "banner" }, before, counter(since, null, { "aria-hidden": "true" }), after);
}
