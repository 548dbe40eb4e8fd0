// Draws tiles, banners and the state of the lines. Only draws: what happens is operator.js's business.
// @ts-check
import { queueTitle } from "./declared.js";
import { el, keep, outside, setText } from "./dom.js";
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

/** A tile for each conversation. @param {Element} holder @param {Pop[]} pops @param {string} chosen its card @param {(cardId: string) => void} choose */
export function drawTiles(holder, pops, chosen, choose) {
  keep(holder, pops, {
    key: (pop) => pop.card_id,
    says: (pop) => JSON.stringify([{ ...pop, history: 0 }, pop.card_id === chosen]),
    make: (pop) => el("li", { "data-card": pop.card_id }, el("button", { onclick: () => choose(pop.card_id) })),
    fill: (line, pop) => fillTile(line.firstElementChild, pop, pop.card_id === chosen),
  });
}

/** @param {HTMLElement} button @param {Pop} pop @param {boolean} chosen */
function fillTile(button, pop, chosen) {
  const second = pop.client?.name || pop.caller_name ? pop.number_text : "";
  button.className = `tile ${stateClass(pop)}`;
  if (chosen) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  button.replaceChildren(
    el("span", { class: "tile-row" }, el("span", { class: "tile-who" }, pop.client?.warning ? icon("warning") : pop.client?.vip ? icon("star") : "", outside(who(pop))), el("span", { class: "tile-time" }, mainTime(pop))),
    el("span", { class: "tile-row" }, el("span", { class: "tile-state" }, stateWord(pop)),
      el("span", { class: "tile-number quiet" }, outside(second || queueTitle(pop.queue ?? "")))),
  );
}

/** The state of each line. @param {Element} holder @param {import("./pops.js").State} state @param {boolean} socketLive @param {boolean} everLive */
export function drawLamps(holder, state, socketLive, everLive) {
  const links = [...state.links.values()];
  const of = (/** @type {string} */ kind) => links.filter((link) => link.kind === kind);
  const known = (/** @type {string} */ kind) => socketLive && of(kind).length > 0;
  const word = (/** @type {string} */ kind) => (of(kind).every((link) => link.live) ? "live" : "away");
  /** @type {{name: string, word: "live" | "away" | "connecting"}[]} */ const lamps = [];
  if (known("pbx")) lamps.push({ name: t("state_phone"), word: word("pbx") });
  if (known("database")) lamps.push({ name: t("state_database"), word: word("database") });
  lamps.push({ name: t("state_socket"), word: socketLive ? "live" : everLive ? "away" : "connecting" });
  keep(holder, lamps, { key: (lamp) => lamp.name, says: (lamp) => lamp.word, make: () => el("li"), fill: fillLamp });
}

/** @param {HTMLElement} line @param {{name: string, word: "live" | "away" | "connecting"}} lamp */
function fillLamp(line, { name, word }) {
  line.className = `lamp lamp-${word}`;
  line.title = `${name}: ${t(word)}`;
  line.replaceChildren(el("span", { class: "lamp-dot" }), el("span", { class: "lamp-name" }, name), el("span", { class: "lamp-word" }, `: ${t(word)}`));
}

/** @typedef {{words: "banner_socket" | "banner_pbx" | "banner_database", since: string, name: string}} Banner */

/** What isn't live, since when, and what that means. @param {Element} holder @param {import("./pops.js").State} state @param {number | null} lostAt */
export function drawBanners(holder, state, lostAt) {
  /** @type {Banner[]} */ const banners = [];
  if (lostAt !== null) banners.push({ words: "banner_socket", since: new Date(lostAt).toISOString(), name: "" });
  for (const link of lostAt === null ? state.links.values() : []) {
    if (!link.live) banners.push({ words: link.kind === "pbx" ? "banner_pbx" : "banner_database", since: link.since, name: link.name });
  }
  keep(holder, banners, { key: (one) => `${one.words} ${one.name}`, says: (one) => one.since, make: () => el("p", { class: "banner" }), fill: fillBanner });
}

/** @param {HTMLElement} line @param {Banner} banner */
function fillBanner(line, { words, since, name }) {
  const [before, after] = t(words, { name, age: "\u0000" }).split("\u0000");
  line.replaceChildren(before, counter(since, null, { "aria-hidden": "true" }), after);
}
