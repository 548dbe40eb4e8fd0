// The head of a conversation: warnings before anything else, then who, from where, what is going on, and what one can do about it.
// @ts-check
import { completeTransfer, dial, hangUp, mute, park, record, takeBack } from "./call_acts.js";
import { numberButton } from "./client.js";
import { crmLink } from "./crm.js";
import { declared, queueTitle } from "./declared.js";
import { el, outside } from "./dom.js";
import { clock, dayAndTime, hourThere, isToday, ourZone, secondsBetween, timeOfDay, timeThere } from "./format.js";
import { icon } from "./icons.js";
import { isLive, isMissed } from "./pops.js";
import { t } from "./texts.js";
import { consulting, consultOver } from "./transfer.js";
import { counter, mainTime, stateWord, who } from "./view.js";

/** @typedef {import("./pops.js").Pop} Pop */
/** @typedef {{name: () => void, panel: () => void, transfer: () => void, done: () => void, changed: () => void, operator: string}} HeadHooks */

export class CallHead {
  #shown = "";

  /** @param {HeadHooks} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.identity = el("header", { class: "call-head identity" });
    this.bar = el("div", { class: "act-bar", role: "group", "aria-label": t("call_acts") });
  }

  /** @param {Pop} pop */
  update(pop) {
    const shown = JSON.stringify([{ ...pop, history: pop.history.length }, consulting(pop.card_id), pop.client?.timezone ? timeThere(pop.client.timezone) : ""]);
    if (shown === this.#shown) return; // nothing moves while nothing happens: focus and selection stay
    this.#shown = shown;
    if (!isLive(pop)) consultOver(pop.card_id);
    const active = document.activeElement;
    const focused = this.identity.contains(active) || this.bar.contains(active) ? active?.id : "";
    this.identity.replaceChildren(...this.#flags(pop), this.#name(pop), this.#facts(pop), pop.client?.note ? outside(pop.client.note, "p", { class: "client-note" }) : "");
    this.bar.replaceChildren(this.#next(pop), el("div", { class: "actions" }, ...this.#acts(pop)));
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {Pop} pop */
  #flags(pop) {
    const strip = pop.client?.warning ? [el("p", { class: "warning-strip", role: "alert" }, icon("warning"), outside(pop.client.warning, "span"))] : [];
    return strip;
  }

  /** @param {Pop} pop */
  #name(pop) {
    const named = Boolean(pop.client?.name || pop.caller_name);
    const organisation = pop.client?.kind === "organisation" ? icon("organisation") : "";
    const badges = [
      pop.client?.vip ? el("span", { class: "badge badge-vip" }, icon("star"), t("vip")) : "",
      pop.client?.is_new && !pop.history.length ? el("span", { class: "badge" }, t("new_client")) : "",
    ];
    const rename = pop.candidates?.length ? "" : el("button", { type: "button", class: "plain", id: "rename", onclick: this.hooks.name }, pop.client?.name ? t("rename") : t("who_is_it"), el("kbd", { "aria-hidden": "true" }, "W"));
    return el("div", { class: "name-block" },
      el("h1", {}, organisation, outside(who(pop)), " ", ...badges),
      el("p", { class: "under-name" },
        pop.client?.organisation ? outside(pop.client.organisation, "span", { class: "organisation" }) : "",
        named || pop.number ? numberButton(pop.client?.number || pop.number, pop.number_text, { client_id: pop.client?.client_id, card_id: pop.card_id }) : "",
        rename,
        pop.client ? el("button", { type: "button", class: "plain", id: "open-panel", onclick: this.hooks.panel }, t("whole_story"), el("kbd", { "aria-hidden": "true" }, "I")) : "",
        crmLink(pop, this.hooks.operator)));
  }

  /** @param {Pop} pop */
  #facts(pop) {
    const facts = [];
    const add = (/** @type {any} */ key, /** @type {any} */ value, /** @type {any[]} */ ...more) => facts.push(el("div", {}, el("dt", {}, t(key)), el("dd", {}, value, ...more)));
    const zone = pop.client?.timezone;
    const there = zone ? timeThere(zone) : "";
    if (there) {
      const hour = hourThere(/** @type {string} */ (zone));
      add("local_time", there, hour < 8 || hour >= 21 ? el("span", { class: "night", title: t("night_there") }, icon("moon"), el("span", { class: "unseen-text" }, t("night_there"))) : "");
    }
    if (pop.callback) {
      const { asked_at, zone: theirs, attempt, asked_by } = pop.callback;
      const at = isToday(asked_at) ? timeOfDay(asked_at) : dayAndTime(asked_at);
      const local = theirs ? timeThere(theirs, asked_at) : "";
      const facts = [t(asked_by ? "callback_asked_by" : "callback_asked", { time: at, who: asked_by }), local && local !== timeThere(ourZone(), asked_at) ? t("time_there", { time: local }) : "", attempt > 1 ? t("callback_attempt", { count: String(attempt) }) : ""];
      add("callback", facts.filter(Boolean).join(" · "));
    }
    if (pop.queue) add("queue", outside(queueTitle(pop.queue)));
    if (pop.dialled && pop.direction === "inbound") add("dialled", outside(pop.dialled_text));
    if (pop.client?.name && pop.caller_name && pop.caller_name !== pop.client.name) add("says_name", outside(pop.caller_name));
    if (pop.waiting_since && pop.direction === "inbound") {
      const until = pop.answered_at ?? pop.ended_at;
      add(until ? "waited" : "waiting", counter(pop.waiting_since, until));
    }
    if (pop.answered_at && pop.ended_at) add("talk_time", clock(secondsBetween(pop.answered_at, pop.ended_at)));
    return el("dl", { class: "facts" }, ...facts);
  }

  /** What is going on, and the next step in words. @param {Pop} pop */
  #next(pop) {
    const flags = [
      pop.parked ? el("span", { class: "flag" }, icon("park"), t("parked_at", { slot: pop.parked })) : "",
      pop.muted ? el("span", { class: "flag flag-bad" }, icon("mute"), t("muted")) : "",
      pop.recording ? el("span", { class: "flag" }, icon("record"), t(pop.recording === "paused" ? "recording_is_paused" : "recording_is_on")) : "",
    ];
    const aside = consulting(pop.card_id);
    const hint = aside && isLive(pop) ? t("consulting", { who: aside }) : this.#nextStep(pop);
    return el("div", { class: "next" }, el("p", { class: "state-line" }, el("span", { class: "badge-state" }, stateWord(pop)), " ", mainTime(pop)), el("p", { class: "next-step" }, hint), ...flags);
  }

  /** @param {Pop} pop */
  #nextStep(pop) {
    if (isMissed(pop)) return t("missed_hint");
    if (pop.state === "ringing" && pop.callback) return t("callback_hint");
    if (pop.state === "ringing") return pop.direction === "outbound" ? "" : t("answer_hint");
    if (pop.state === "talking") return ""; // one knows what to do; the screen keeps quiet
    return t(pop.state === "held" ? "held_hint" : "ended_hint");
  }

  /** @param {Pop} pop */
  #acts(pop) {
    const can = declared().can;
    const card = pop.card_id;
    if (!isLive(pop)) {
      const number = pop.client?.number || pop.number;
      const call = number && can.dial ? act("call-back", "phone", t("call_back", { number: pop.number_text }), "C", () => dial(number, { client_id: pop.client?.client_id, card_id: card }), isMissed(pop) ? "primary" : "") : "";
      return [call, act("done", "check", t("done"), "D", this.hooks.done, isMissed(pop) ? "" : "primary")];
    }
    if (pop.state === "ringing") return pop.direction === "outbound" && can.dial ? [this.#hangUp(card)] : [];
    if (consulting(card)) {
      const over = (/** @type {(card: string) => Promise<boolean>} */ how) => async () => {
        if (await how(card)) consultOver(card);
        this.hooks.changed();
      };
      return [act("complete", "transfer", t("transfer_complete"), "T", over(completeTransfer), "primary"), act("take-back", "inbound", t("transfer_cancel"), "B", over(takeBack))];
    }
    const recording = pop.recording === "on" ? "pause" : pop.recording === "paused" ? "resume" : "start";
    return [
      can.transfer ? act("transfer-open", "transfer", t("transfer"), "T", this.hooks.transfer) : "",
      can.park ? act("park", "park", t("park"), "⇧P", () => park(card)) : "",
      can.record ? act("record", "record", t(`record_${recording}`), "R", () => record(card, recording)) : "",
      can.mute ? act("mute", pop.muted ? "microphone" : "mute", t(pop.muted ? "unmute" : "mute"), "M", () => mute(card, !pop.muted)) : "",
      can.dial ? this.#hangUp(card) : "",
    ];
  }

  /** @param {string} card */
  #hangUp(card) {
    return act("hang-up", "hangup", t("hang_up"), "⇧H", () => hangUp(card), "danger");
  }
}

/** @param {string} id @param {any} picture @param {string} words @param {string} key @param {() => unknown} does @param {string} [kind] */
function act(id, picture, words, key, does, kind = "") {
  const pressed = async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.disabled = true; // one press, one act
    await does();
    button.disabled = false;
  };
  return el("button", { type: "button", id, class: `act ${kind}`, onclick: pressed }, icon(picture), el("span", {}, words), el("kbd", { "aria-hidden": "true" }, key));
}
