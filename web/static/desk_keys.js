// What each key does at the desk. Letters that can't be taken back (hang up, park) need Shift.
// @ts-check
import { declared } from "./declared.js";
import { isLive } from "./pops.js";
import { t } from "./texts.js";
import { consulting } from "./transfer.js";

/**
 * @param {{call: () => import("./call.js").Call | null, day: () => import("./day.js").Day | null, panel: import("./panel.js").Panel,
 *   search: import("./search.js").Search, myState: import("./my_state.js").MyState, transfer: import("./transfer.js").Transfer,
 *   step: (by: 1 | -1) => void, done: () => void, showDay: () => void, openPanel: () => void, toggleDay: () => void}} desk
 * @returns {import("./keys.js").Key[]}
 */
export function deskKeys(desk) {
  const { call } = desk;
  const can = declared().can;
  const talking = () => ["talking", "held"].includes(call()?.pop.state ?? "");
  const asking = () => talking() && consulting(call()?.cardId ?? "") !== null;
  const press = (/** @type {string} */ id) => /** @type {HTMLElement | null} */ (document.getElementById(id))?.click();
  const digits = Array.from({ length: 9 }, (_, n) => [`Digit${n + 1}`, `Numpad${n + 1}`]).flat();
  return [
    { code: "KeyW", show: "W", words: t("key_who"), group: "call", when: () => Boolean(call()), act: () => call()?.who.focus() },
    { code: "KeyI", show: "I", words: t("key_panel"), group: "call", when: () => Boolean(call()), act: desk.openPanel },
    { code: "KeyT", show: "T", words: can.transfer ? t("key_transfer") : "", group: "call", when: () => can.transfer && talking(), act: () => press(asking() ? "complete" : "transfer-open") },
    { code: "KeyB", show: "B", words: can.transfer ? t("key_take_back") : "", group: "call", when: asking, act: () => press("take-back") },
    { code: "KeyM", show: "M", words: can.mute ? t("key_mute") : "", group: "call", when: () => can.mute && talking(), act: () => press("mute") },
    { code: "KeyR", show: "R", words: can.record ? t("key_record") : "", group: "call", when: () => can.record && talking(), act: () => press("record") },
    { code: "KeyP", shift: true, show: "⇧ P", words: can.park ? t("key_park") : "", group: "call", when: () => can.park && talking(), act: () => press("park") },
    { code: "KeyH", shift: true, show: "⇧ H", words: can.dial ? t("key_hang_up") : "", group: "call", when: () => Boolean(document.getElementById("hang-up")), act: () => press("hang-up") },
    { code: "KeyC", show: "C", words: t("key_call"), group: "call", act: () => callNow(desk) },
    { code: "KeyN", show: "N", words: t("key_notes"), group: "result", when: () => Boolean(call()), act: () => call()?.focusNotes() },
    { code: digits, show: "1 – 9", words: t("key_outcome"), group: "result", when: () => Boolean(call()), act: (event) => call()?.result.choose(Number(event.code.slice(-1))) },
    { code: "KeyF", show: "F", words: t("key_follow_up"), group: "result", when: () => Boolean(call()) || desk.panel.isOpen, act: () => planNow(desk) },
    { code: "KeyD", show: "D", words: t("key_done"), group: "result", when: () => Boolean(call()) && !isLive(/** @type {any} */ (call()).pop), act: desk.done },
    { code: [], show: "Ctrl Enter", words: t("key_done_field"), group: "result", act: () => {} },
    { code: "KeyE", show: "E", words: t("key_extend"), group: "result", when: () => desk.myState.wrapsUp, act: () => desk.myState.extend() },
    { code: "Slash", show: "/", words: t("key_search"), group: "desk", act: () => desk.search.focus() },
    { code: "KeyY", show: "Y", words: t("key_day"), group: "desk", act: desk.toggleDay },
    { code: "KeyS", show: "S", words: t("key_state"), group: "desk", act: () => desk.myState.open() },
    { code: "ArrowDown", show: "↑ ↓", words: t("key_arrows"), group: "desk", act: () => move(desk, 1) },
    { code: "ArrowUp", show: "", words: "", group: "desk", act: () => move(desk, -1) },
    { code: "Escape", show: "Esc", words: t("key_escape"), group: "desk", when: () => desk.panel.isOpen, act: () => desk.panel.close() },
    { code: [], show: "?", words: t("key_help"), group: "desk", act: () => {} },
  ];
}

/** In my day through its lines, else from one conversation to the next. @param {any} desk @param {1 | -1} by */
function move(desk, by) {
  if (desk.panel.isOpen || !desk.day()?.move(by)) desk.step(by);
}

/** The line in focus in my day, or the client of the conversation that is over. @param {any} desk */
function callNow(desk) {
  if (desk.day()?.callFocused()) return;
  /** @type {HTMLElement | null} */ (document.querySelector(desk.panel.isOpen ? "#panel .number-button" : "#call-back"))?.click();
}

/** @param {any} desk */
function planNow(desk) {
  /** @type {HTMLElement | null} */ (document.querySelector(desk.panel.isOpen ? "#panel .plan-when" : ".call .plan-when"))?.focus();
}
