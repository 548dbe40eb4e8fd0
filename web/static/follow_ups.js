// What was promised: one line for each follow-up, with its time against now, and the three things one does with it.
// @ts-check
import { ask, path } from "./api.js";
import { declared } from "./declared.js";
import { el, outside } from "./dom.js";
import { dayAndTime, nowMs, ourZone, timeThere } from "./format.js";
import { icon } from "./icons.js";
import { tell, tellFailure } from "./notice.js";
import { Plan } from "./plan.js";
import { currentLanguage, t } from "./texts.js";

/** Whether it should have happened by now. @param {{due_at: string}} one */
export function isOverdue(one) {
  return Date.parse(one.due_at) < nowMs();
}

/** What the time of it is at the client's, where that differs from ours; else nothing. @param {any} one */
export function dueThere(one) {
  const there = one.zone ? timeThere(one.zone, one.due_at) : "";
  return there && there !== timeThere(ourZone(), one.due_at) ? t("time_there", { time: there }) : "";
}

/** `tomorrow, 10:00`, and what that is at the client's. @param {any} one */
export function dueText(one) {
  return [dayAndTime(one.due_at), dueThere(one)].filter(Boolean).join(" · ");
}

/** How late it is, in the largest unit that fits. @param {any} one */
export function lateText(one) {
  const minutes = Math.max(1, Math.round((nowMs() - Date.parse(one.due_at)) / 60_000));
  const [count, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 1_440 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1_440), "day"];
  return new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "always" }).format(-count, /** @type {any} */ (unit));
}

/** Change one; true when the server has it. @param {string} id @param {Record<string, unknown>} change @param {string} said */
async function change(id, change, said) {
  try {
    await ask("PATCH", path`/api/follow-ups/${id}`, change);
    tell(said);
    return true;
  } catch (error) {
    tellFailure(error);
    return false;
  }
}

/**
 * The follow-ups of one client, as a list to work with.
 * @param {any[]} lines @param {() => void} changed
 */
export function followUpList(lines, changed) {
  return el("ul", { class: "promised" }, ...lines.map((one) => followUpLine(one, changed)));
}

/** @param {any} one @param {() => void} changed */
function followUpLine(one, changed) {
  const late = isOverdue(one);
  return el("li", { class: late ? "is-late" : "" },
    el("span", { class: "promised-when" }, icon("clock"), late ? `${dueText(one)} (${lateText(one)})` : dueText(one)),
    outside(one.text || t("follow_up_plain"), "span", { class: "promised-what" }), ...followUpActs(one, changed));
}

/** Buttons: done, another time. The second opens a form below the line. @param {any} one @param {() => void} changed */
export function followUpActs(one, changed) {
  const place = el("div", { class: "move-form" });
  const done = async () => (await change(one.follow_up_id, { state: "done" }, t("follow_up_done_now"))) && changed();
  const move = () => {
    const plan = new Plan({
      about: { follow_up_id: one.follow_up_id },
      zone: one.zone || declared().site.timezone,
      planned: () => {
        place.replaceChildren();
        changed();
      },
      cancel: () => place.replaceChildren(),
    });
    place.replaceChildren(plan.root);
    plan.focus();
  };
  const what = { what: one.client_name || one.text || "" };
  return [
    el("button", { type: "button", class: "small-button act-move", title: t("follow_up_move"), "aria-label": `${t("follow_up_move")}: ${what.what}`, onclick: move }, icon("clock")),
    el("button", { type: "button", class: "small-button act-done", title: t("follow_up_done"), "aria-label": `${t("follow_up_done")}: ${what.what}`, onclick: done }, icon("check")),
    place,
  ];
}
