// The waiting room: the queues, who waits in them, and why. Asks every two seconds; what can't be refreshed says how old it is.
// @ts-check
import { ApiError, ask, why } from "./api.js";
import { loadDeclared, queueTitle } from "./declared.js";
import { byId, el, keep, outside } from "./dom.js";
import { clock, isToday, dayAndTime, nowMs, secondsBetween, setServerTime, timeOfDay, zone } from "./format.js";
import { isAtLeast, signedIn, toSignIn } from "./frame.js";
import { icon } from "./icons.js";
import { Items } from "./items.js";
import { t } from "./texts.js";
import { countOn } from "./view.js";
import { asked, points } from "./why_words.js";
import { WhyView } from "./why_view.js";

const EVERY_MS = 2_000;
const STALE_MS = 6_000;
const BESIDE_EACH = 3; // callbacks and messages move more slowly than those who wait

/** @type {any} */ let told = null;
let freshAt = Date.now();
let problem = "";
/** @type {string | null} */ let onlyQueue = null;
/** @type {{itemId: string, view: WhyView} | null} */ let opened = null;
/** @type {Map<string, Row>} */ const rows = new Map();

const me = await signedIn();
const beside = new Items({ canAsk: true });
await loadDeclared();
byId("zone").textContent = t("times_in", { zone: zone() });
document.title = `${t("waiting_room")} · Meridian`;
byId("items").addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(tick, 1_000);
if (isAtLeast(me, "supervisor")) keepLooking();
else refuse();

async function keepLooking() {
  byId("beside").replaceChildren(beside.problem, beside.root);
  for (let n = 0; ; n++) {
    if (!document.hidden) await look();
    if (!document.hidden && n % BESIDE_EACH === 0) void beside.refresh();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function look() {
  try {
    const asked = onlyQueue;
    const answer = await ask("GET", `/api/routing/waiting${asked === null ? "" : `?${new URLSearchParams({ queue: asked })}`}`);
    if (asked !== onlyQueue) return;
    told = answer;
    setServerTime(told.at);
    freshAt = Date.now();
    draw();
    const open = opened && told.items.find((/** @type {any} */ item) => item.item_id === opened?.itemId);
    if (opened && open) await opened.view.refresh(open);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return toSignIn(true);
    if (error instanceof ApiError && error.status === 403) return refuse();
    problem = why(error);
  }
  tick();
}

function refuse() {
  const note = byId("problem");
  note.hidden = false;
  note.textContent = t("wait_supervisors");
}

/** Waits grow, and what is old says so. */
function tick() {
  countOn();
  for (const row of rows.values()) row.markLate();
  const old = Date.now() - freshAt > STALE_MS && told !== null;
  document.body.classList.toggle("is-stale", old);
  const text = old ? t("wait_stale", { age: clock((Date.now() - freshAt) / 1000), why: problem, time: timeOfDay(told.at) }) : "";
  const place = byId("stale");
  if (place.textContent !== text) place.replaceChildren(old ? el("p", { class: "banner" }, text) : "");
}

function draw() {
  keep(byId("queues"), /** @type {any[]} */ (told.queues), {
    key: (queue) => queue.queue,
    says: (queue) => JSON.stringify([queue, queue.queue === onlyQueue]),
    make: (queue) => el("li", { "data-queue": queue.queue }, el("button", { type: "button", onclick: () => choose(queue.queue) }), el("dl", { class: "queue-facts" }), el("p", { class: "queue-foot quiet" })),
    fill: fillQueueTile,
  });
  const items = told.items.filter((/** @type {any} */ item) => onlyQueue === null || item.queue === onlyQueue);
  drawItems(items);
  byId("nobody").hidden = items.length > 0;
  const more = byId("more");
  more.hidden = !told.more;
  more.textContent = t("wait_more", { count: String(told.more) });
}

/** The lines in order; a focus whose line is gone goes to the next one. @param {any[]} items */
function drawItems(items) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const there = new Set(items.map((item) => item.item_id));
  for (const [itemId, row] of rows) {
    if (there.has(itemId)) continue;
    const next = row.root.contains(focused) ? row.root.nextElementSibling ?? row.root.previousElementSibling : null;
    row.root.remove();
    rows.delete(itemId);
    if (opened?.itemId === itemId) opened = null;
    next?.querySelector("button")?.focus();
  }
  for (const item of items) {
    const row = rows.get(item.item_id) ?? new Row(item.item_id);
    rows.set(item.item_id, row);
    row.draw(item);
  }
  const root = (/** @type {any} */ item) => /** @type {Row} */ (rows.get(item.item_id)).root;
  keep(byId("items"), items, { key: (item) => item.item_id, says: () => "", make: root, fill: () => {} });
}

/** @param {HTMLElement} tile @param {any} queue */
function fillQueueTile(tile, queue) {
  const late = queue.longest_wait_s !== null && queue.longest_wait_s > queue.answer_within_s;
  const change = queue.changes_at ? (isToday(queue.changes_at) ? timeOfDay(queue.changes_at) : dayAndTime(queue.changes_at)) : "";
  const state = queue.open ? (change ? t("wait_open_until", { time: change }) : t("wait_open")) : change ? t("wait_closed_until", { time: change }) : t("wait_closed");
  const chosen = onlyQueue === queue.queue;
  const [button, facts, foot] = tile.children;
  tile.className = `queue-tile ${late ? "is-late" : ""} ${queue.open ? "" : "is-closed"}`;
  button.setAttribute("aria-pressed", String(chosen));
  button.setAttribute("title", t(chosen ? "wait_all" : "wait_only"));
  button.replaceChildren(el("span", { class: "queue-name" }, outside(queue.title)), el("span", { class: "queue-count" }, t("wait_count", { count: String(queue.waiting) })));
  facts.replaceChildren(
    el("div", {}, el("dt", {}, t("wait_longest")), el("dd", {}, el("strong", { class: "number" }, queue.longest_wait_s === null ? "—" : clock(queue.longest_wait_s)), " ", el("span", { class: "quiet" }, t("wait_target", { time: clock(queue.answer_within_s) })))),
    el("div", {}, el("dt", {}, t("wait_ready")), el("dd", {}, t("wait_of_staff", { ready: String(queue.ready), staffed: String(queue.staffed) }))));
  foot.replaceChildren(el("span", { class: `dot ${queue.open ? "dot-ready" : "dot-signed_out"}` }), ` ${state} · ${t(queue.mode === "acd" ? "wait_by_us" : "wait_by_pbx")}`);
}

/** @param {string} queue */
function choose(queue) {
  onlyQueue = onlyQueue === queue ? null : queue;
  draw();
  look();
}

/** One that waits. */
class Row {
  #shown = "";
  #target = 0;

  /** @param {string} itemId */
  constructor(itemId) {
    this.itemId = itemId;
    this.button = el("button", { type: "button", class: "item-main", "aria-expanded": "false", onclick: () => toggle(this) });
    this.place = el("div", { class: "item-why", id: `why-${itemId}`, hidden: true });
    this.root = el("li", { class: "item", "data-item": itemId }, this.button, this.place);
  }

  /** @param {any} item */
  draw(item) {
    this.item = item;
    this.#target = told.queues.find((/** @type {any} */ one) => one.queue === item.queue)?.answer_within_s ?? Infinity;
    const shown = JSON.stringify([item, told.names, Math.floor((item.score ?? 0) * 10)].map((one) => one?.item_id ? { ...one, waited_s: 0, score: 0 } : one));
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.root.classList.toggle("is-offered", item.state === "offered");
      this.button.setAttribute("aria-label", t("why_open", { who: who(item) }));
      this.button.setAttribute("aria-controls", this.place.id);
      this.button.replaceChildren(...cells(item));
    }
    this.markLate();
  }

  /** Whether it waits longer than the queue promises. */
  markLate() {
    if (this.item) this.root.classList.toggle("is-late", secondsBetween(this.item.entered_at) > this.#target);
  }
}

/** @param {any} item */
function who(item) {
  return item.client || item.number_text || t("hidden_number");
}

/** @param {any} item */
function cells(item) {
  const wait = el("span", { class: "item-wait counter", "data-since": item.entered_at }, clock((nowMs() - Date.parse(item.entered_at)) / 1000));
  const name = (/** @type {string} */ login) => told.names[login] ?? login;
  const step = item.steps > 1 ? `${t("wait_step", { step: String(item.step), steps: String(item.steps) })} · ` : "";
  const forWhom = item.preferred && item.step === 1 && /^agent == /.test(item.requirement ?? "") ? t("wait_preferred", { name: name(item.preferred) }) : asked(item.requirement ?? "any");
  const asks = item.score === null ? t(/** @type {any} */ (`wait_held_${item.held ?? "pbx"}`)) : `${step}${forWhom}`;
  return [
    el("span", { class: "item-who" }, item.vip ? icon("star") : "", outside(who(item)), item.channel === "callback" ? el("span", { class: "badge" }, t("wait_callback")) : "", item.vip ? el("span", { class: "badge badge-vip" }, t("vip")) : ""),
    el("span", { class: "item-number quiet" }, outside(item.client ? item.number_text : "")),
    wait,
    el("span", { class: "item-asks" }, outside(`${queueTitle(item.queue)} · ${asks}`)),
    el("span", { class: "item-state" }, item.offered_to.length ? el("span", { class: "badge badge-offered" }, outside(t("wait_offered", { names: item.offered_to.map(name).join(", ") }))) : item.held === "phone" ? el("span", { class: "badge badge-offered" }, t("outcome_open")) : ""),
    el("span", { class: "item-score quiet number" }, item.score === null ? "" : t("wait_score", { score: points(item.score) }), item.raised ? ` (${t("wait_raised", { points: points(item.raised) })})` : ""),
    el("span", { class: "item-arrow" }, icon("down")),
  ];
}

/** @param {Row} row */
async function toggle(row) {
  const before = opened && rows.get(opened.itemId);
  if (before) fold(before);
  if (before === row) {
    opened = null;
    return;
  }
  const view = new WhyView(row.itemId, look);
  opened = { itemId: row.itemId, view };
  row.place.replaceChildren(view.root);
  row.place.hidden = false;
  row.button.setAttribute("aria-expanded", "true");
  await view.refresh(row.item).catch((error) => (problem = why(error)));
}

/** @param {Row} row */
function fold(row) {
  row.place.hidden = true;
  row.place.replaceChildren();
  row.button.setAttribute("aria-expanded", "false");
}

/** Up and down through the lines, Esc closes. @param {KeyboardEvent} event */
function pressed(event) {
  const lines = [...byId("items").querySelectorAll(".item-main")];
  const row = /** @type {HTMLElement} */ (event.target).closest(".item");
  const at = lines.findIndex((line) => row?.contains(line));
  if (event.key === "Escape" && opened && row) {
    const open = rows.get(opened.itemId);
    if (open) toggle(open);
    open?.button.focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = lines[Math.min(lines.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))];
    /** @type {any} */ (next)?.focus();
  } else return;
  event.preventDefault();
}
