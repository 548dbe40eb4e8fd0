// The operator's page: takes messages, keeps the choice of call, redraws. The rules of the state are in pops.js.
// @ts-check
import { byId, el, setText } from "./dom.js";
import { Detail } from "./detail.js";
import { Drafts } from "./drafts.js";
import { setServerTime } from "./format.js";
import { signedIn, toSignIn } from "./frame.js";
import { emptyState, isLive, isMissed, reduce, tiles } from "./pops.js";
import { Line } from "./socket.js";
import { t } from "./texts.js";
import { banners, countOn, lamps, tile, who } from "./view.js";

const TYPING_MS = 3_000;
let state = emptyState();
let socketLive = false;
let everLive = false;
/** @type {number | null} */ let lostAt = null;
/** @type {Detail | null} */ let detail = null;
let typedAt = 0;
/** @type {Set<string>} */ const putAway = new Set();

const me = await signedIn();
const drafts = new Drafts(me.user_id, (cardId, saveState, why) => {
  if (detail?.cardId === cardId) detail.saveState(saveState, why);
});
const line = new Line({
  cursor: () => ({ epoch: state.epoch, version: state.version }),
  message: take,
  state: lineChanged,
  signedOut: () => toSignIn(true),
});
byId("detail").addEventListener("input", () => (typedAt = Date.now()));
document.addEventListener("keydown", keyPressed);
setInterval(everySecond, 1_000);
draw();
line.open();

/** @param {any} message */
function take(message) {
  if (message.at) setServerTime(message.at);
  const before = state;
  state = reduce(state, message);
  if (message.type === "tick") return;
  if (state.confused) {
    state = emptyState();
    return line.resume();
  }
  if (state.following > 0) return; // catching up: draw once, at the end
  for (const popId of putAway) if (!state.pops.has(popId) || line.dismiss(popId)) putAway.delete(popId);
  if (message.pop && before.following === 0) announce(before.pops.get(message.pop.pop_id), state.pops.get(message.pop.pop_id));
  draw();
  if (state.version !== null && state.version > 0) line.acknowledge(state.version);
}

/** @param {boolean} live */
function lineChanged(live) {
  socketLive = live;
  if (live) {
    everLive = true;
    lostAt = null;
    drafts.sendAll();
  } else {
    lostAt ??= Date.now();
  }
  draw();
}

/** Say it, and bring it to the front unless the operator is in the middle of a sentence. @param {any} before @param {any} now */
function announce(before, now) {
  if (!now || (before?.state === now.state && (now.state !== "ringing" || who(before) === who(now)))) return;
  const values = { who: who(now), queue: now.queue ?? "" };
  if (now.state === "ringing") byId("announcer").textContent = t(now.direction === "outbound" ? "announce_calling" : "announce", values);
  if (isMissed(now)) byId("announcer").textContent = t("announce_missed", values);
  const typing = Date.now() - typedAt < TYPING_MS;
  const busy = shown().some((pop) => pop.card_id === detail?.cardId && pop.state === "talking");
  if (now.state === "talking" || now.state === "ringing") if (!typing && !(busy && now.state === "ringing")) choose(now.card_id);
}

function shown() {
  return tiles(state).filter((pop) => !putAway.has(pop.pop_id));
}

/** @param {string} cardId */
function choose(cardId) {
  const pop = shown().find((one) => one.card_id === cardId);
  if (!pop || detail?.cardId === cardId) return;
  detail = new Detail(pop, drafts, done);
  detail.renamed = renamed;
  byId("detail").replaceChildren(detail.root);
}

/** The new name shows at once on every tile of this client. @param {import("./pops.js").Pop} changed */
function renamed(changed) {
  const pops = [...state.pops].map(([id, pop]) => /** @type {const} */ ([id, pop.client?.client_id === changed.client?.client_id ? { ...pop, client: changed.client } : pop]));
  state = { ...state, pops: new Map(pops) };
  draw();
}

/** Put the chosen conversation away, on all screens of this operator. */
function done() {
  const card = detail?.cardId;
  const over = [...state.pops.values()].filter((pop) => pop.card_id === card && !isLive(pop));
  for (const pop of over) if (!line.dismiss(pop.pop_id)) putAway.add(pop.pop_id);
  for (const pop of over) putAway.add(pop.pop_id);
  drafts.sendAll();
  detail = null;
  draw();
  byId("detail").focus();
}

function draw() {
  const list = shown();
  if (detail && !list.some((pop) => pop.card_id === detail?.cardId)) detail = null;
  if (!detail && list.length) choose(list[0].card_id);
  const current = list.find((pop) => pop.card_id === detail?.cardId);
  if (current && detail) detail.update(current);
  if (!detail) byId("detail").replaceChildren(empty());
  drawList(list);
  byId("lines").replaceChildren(...lamps(state, socketLive, everLive));
  byId("banners").replaceChildren(...banners(state, lostAt));
  const ringing = list.find((pop) => pop.state === "ringing");
  const missed = list.filter(isMissed).length;
  setText(document.querySelector("title") ?? document.head, ringing ? `☎ ${who(ringing)}` : missed ? `(${missed}) Meridian` : "Meridian");
}

/** @param {import("./pops.js").Pop[]} list */
function drawList(list) {
  const holder = byId("list");
  const focused = /** @type {any} */ (document.activeElement)?.closest?.("#list li")?.dataset.card;
  holder.replaceChildren(...list.map((pop) => tile(pop, pop.card_id === detail?.cardId, () => chosen(pop.card_id))));
  if (focused) holder.querySelector(`li[data-card="${CSS.escape(focused)}"] button`)?.focus();
}

/** @param {string} cardId */
function chosen(cardId) {
  choose(cardId);
  draw();
}

function empty() {
  return el("div", { class: "empty" }, el("h1", {}, t("empty_title")), el("p", { class: "quiet" }, t(me.extension ? "empty_text" : "empty_no_extension")));
}

function everySecond() {
  countOn();
}

/** @param {KeyboardEvent} event */
function keyPressed(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Escape" && target.matches("textarea")) return target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select")) return;
  const list = shown();
  const at = list.findIndex((pop) => pop.card_id === detail?.cardId);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && list.length) chosen(list[Math.min(list.length - 1, Math.max(0, at + step))].card_id);
  else if (event.code === "KeyN" && detail) detail.focusNotes();
  else if (event.code === "KeyD" && at >= 0 && !isLive(list[at])) done();
  else return;
  event.preventDefault();
}
