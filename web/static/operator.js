// The operator's page: takes messages, keeps what is in front (my day or a conversation), redraws. Rules of the state: pops.js.
// @ts-check
import { Call } from "./call.js";
import { openCrm } from "./crm.js";
import { Day } from "./day.js";
import { loadDeclared, queueTitle } from "./declared.js";
import { deskKeys } from "./desk_keys.js";
import { byId, el, later, setText } from "./dom.js";
import { Drafts } from "./drafts.js";
import { setServerTime } from "./format.js";
import { signedIn, toSignIn } from "./frame.js";
import { icon } from "./icons.js";
import { Keys, isEditable } from "./keys.js";
import { MyState } from "./my_state.js";
import { Panel } from "./panel.js";
import { emptyState, identified, isLive, isMissed, reduce, tiles } from "./pops.js";
import { Search } from "./search.js";
import { Line } from "./socket.js";
import { Notice } from "./socket_notice.js";
import { t } from "./texts.js";
import { Transfer } from "./transfer.js";
import { countOn, drawBanners, drawLamps, drawTiles, who } from "./view.js";

const TYPING_MS = 3_000;
let state = emptyState();
let socketLive = false;
let everLive = false;
/** @type {number | null} */ let lostAt = null;
/** @type {Call | null} */ let call = null;
let typedAt = 0;
let fresh = true;
/** @type {string | null} A call that came while the operator was typing. */ let waiting = null;
/** @type {Set<string>} */ const putAway = new Set();

const me = await signedIn(() => (Notice.state() === "default" ? [{ text: t("notify"), id: "notify", act: Notice.ask }] : []));
await loadDeclared();
const drafts = new Drafts(me.user_id, (cardId, saveState, about) => {
  if (call?.cardId === cardId) call.result.saveState(saveState, about);
});
const day = new Day({ open: (subject) => panel.open(subject), counted: draw, hasPhone: Boolean(me.extension) });
const panel = new Panel(() => day.refresh(true));
const search = new Search((subject) => panel.open(subject));
const myState = new MyState((status) => {
  if (socketLive && state.me) return; // the socket tells it, in order; an answer may be older than what it told
  state = { ...state, me: status };
  draw();
});
const transfer = new Transfer({ changed: draw, me: () => me.extension ?? "", live: () => (socketLive ? state.colleagues : null), shows: (open) => line.showColleagues(open) });
const line = new Line({
  who: me,
  cursor: () => ({ epoch: state.epoch, version: state.version }),
  message: take,
  state: lineChanged,
  signedOut: () => toSignIn(true),
  leads: () => notice.update(),
});
const notice = new Notice(line, {
  words: (pop) => ({ title: `☎ ${who(pop)}`, body: [queueTitle(pop.queue ?? ""), pop.number_text].filter(Boolean).join(" · ") }),
  chosen,
});
new Keys(deskKeys({
  call: () => call, day: () => (call ? null : day), panel, search, myState, transfer,
  step, done, showDay, openPanel, toggleDay: () => (call ? showDay() : showCall()),
}));
byId("detail").addEventListener("input", () => (typedAt = Date.now()));
byId("detail").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && call && !isLive(call.pop)) done();
});
byId("day-tile").addEventListener("click", showDay);
setInterval(everySecond, 1_000);
showDay();
draw();
line.open();
myState.load();

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
  if (message.type === "items") return void day.items.refresh();
  if (message.type === "colleagues") return transfer.update(); // nothing else shows them
  for (const popId of putAway) if (!state.pops.has(popId) || line.dismiss(popId)) putAway.delete(popId);
  if (before.following > 0 || (message.type === "welcome" && !message.following)) caughtUp();
  else if (message.pop) happened(before.pops.get(message.pop.pop_id), state.pops.get(message.pop.pop_id));
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
    day.refresh(true);
  } else {
    lostAt ??= Date.now();
  }
  draw();
}

/** Say it, and bring it to the front unless the operator is in the middle of a sentence. @param {any} before @param {any} now */
function happened(before, now) {
  if (!now || (before?.state === now.state && (now.state !== "ringing" || who(before) === who(now)))) return;
  const values = { who: who(now), queue: queueTitle(now.queue ?? "") };
  if (now.state === "ringing") byId("announcer").textContent = t(now.direction === "outbound" ? "announce_calling" : "announce", values);
  if (isMissed(now)) byId("announcer").textContent = t("announce_missed", values);
  if (line.leads) openCrm(now, me.login);
  if (!isLive(now)) later(() => day.refresh(true));
  if (now.state === "talking" || now.state === "ringing") bring(now);
}

/** In step again: a call that goes on comes to the front when the page is new, one that rings always. */
function caughtUp() {
  const live = shown().find((pop) => (fresh && isLive(pop)) || pop.state === "ringing");
  fresh = false;
  if (live) bring(live);
}

/** To the front, unless the operator talks with somebody else; while they type, it waits until they pause. @param {import("./pops.js").Pop} pop */
function bring(pop) {
  const busy = shown().some((one) => one.card_id === call?.cardId && one.card_id !== pop.card_id && one.state === "talking");
  if (busy && pop.state === "ringing") return;
  if (isTyping()) {
    waiting = pop.card_id;
    return;
  }
  waiting = null;
  if (!panel.root.contains(document.activeElement) || !isEditable(document.activeElement)) panel.close();
  choose(pop.card_id);
}

function isTyping() {
  return Date.now() - typedAt < TYPING_MS;
}

function shown() {
  return tiles(state).filter((pop) => !putAway.has(pop.pop_id));
}

/** @param {string} cardId */
function choose(cardId) {
  const pop = shown().find((one) => one.card_id === cardId);
  if (!pop || call?.cardId === cardId) return;
  call = new Call(pop, drafts, {
    operator: me.login,
    panel: openPanel,
    transfer: () => call && transfer.open(call.cardId),
    done,
    changed: () => {
      day.refresh(true);
      draw();
    },
    identified: (client, confirmed = false) => {
      state = identified(state, cardId, client, confirmed);
      draw();
    },
  });
  byId("detail").replaceChildren(call.root);
  scrollTo(0, 0);
}

function showDay() {
  call = null;
  byId("detail").replaceChildren(day.root);
  day.refresh();
  draw();
}

/** Back to the conversation that matters most. */
function showCall() {
  const first = shown()[0];
  if (first) chosen(first.card_id);
}

function openPanel() {
  if (!call) return;
  const { client, card_id, number, number_text } = call.pop;
  panel.open({ client_id: client?.client_id ?? null, name: who(call.pop), card_id, number, number_text });
}

/** Put the chosen conversation away, on all screens of this operator; its wrap-up ends with it. */
async function done() {
  const card = call?.cardId;
  if (!card || !call || isLive(call.pop)) return;
  await drafts.flush(card);
  if (myState.wrapUpCard === card && !(await myState.finishWrapUp())) return;
  const over = [...state.pops.values()].filter((pop) => pop.card_id === card && !isLive(pop));
  for (const pop of over) if (!line.dismiss(pop.pop_id)) putAway.add(pop.pop_id);
  for (const pop of over) putAway.add(pop.pop_id);
  const next = shown()[0];
  if (next) chosen(next.card_id);
  else showDay();
  day.refresh(true);
  byId("detail").focus({ preventScroll: true });
}

function draw() {
  const list = shown();
  const current = list.find((pop) => pop.card_id === call?.cardId);
  if (call && !current) return showDay();
  if (current && call) call.update(current);
  drawTiles(byId("list"), list, call?.cardId ?? "", chosen);
  byId("no-calls").hidden = list.length > 0;
  drawDayTile();
  myState.draw(state.me);
  transfer.update();
  notice.update([...state.pops.values()]);
  drawLamps(byId("lines"), state, socketLive, everLive);
  drawBanners(byId("banners"), state, lostAt);
  const ringing = list.find((pop) => pop.state === "ringing");
  const missed = list.filter(isMissed).length;
  setText(document.querySelector("title") ?? document.head, ringing ? `☎ ${who(ringing)}` : missed ? `(${missed}) Meridian` : "Meridian");
}

function drawDayTile() {
  const button = byId("day-tile");
  const late = day.overdue ? el("span", { class: "is-late" }, t("count_overdue", { count: String(day.overdue) })) : "";
  const due = day.dueToday ? el("span", {}, t("count_today", { count: String(day.dueToday) })) : "";
  const content = [el("span", { class: "tile-row" }, icon("day"), el("span", { class: "tile-who" }, t("my_day")), el("kbd", { "aria-hidden": "true" }, "Y")),
    late || due ? el("span", { class: "tile-row tile-counts" }, late, due) : ""];
  button.replaceChildren(...content);
  if (call) button.removeAttribute("aria-current");
  else button.setAttribute("aria-current", "page");
}

/** @param {string} cardId */
function chosen(cardId) {
  choose(cardId);
  draw();
}

/** One conversation further in the list. @param {1 | -1} by */
function step(by) {
  const list = shown();
  if (!list.length) return;
  const at = list.findIndex((pop) => pop.card_id === call?.cardId);
  chosen(list[Math.min(list.length - 1, Math.max(0, at + by))].card_id);
}

function everySecond() {
  countOn();
  day.refresh();
  if (call) call.update(call.pop);
  const come = waiting && !isTyping() ? shown().find((pop) => pop.card_id === waiting && isLive(pop)) : null;
  if (come) {
    bring(come);
    draw();
  }
}
