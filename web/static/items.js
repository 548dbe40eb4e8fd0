// Who waits to be called back, and the messages that callers left: what of it is mine to do, and the few things one does with it.
// @ts-check
import { ApiError, ask, isAbsent, path, why } from "./api.js";
import { declared, queueTitle } from "./declared.js";
import { el, outside } from "./dom.js";
import { clock, dayAndTime, isToday, ourZone, timeOfDay, timeThere } from "./format.js";
import { icon } from "./icons.js";
import { tell, tellFailure } from "./notice.js";
import { t } from "./texts.js";

export class Items {
  /** @type {any} */ #callbacks = null;
  /** @type {any} */ #messages = null;
  #shown = "";
  /** @type {string | null} The message that is being heard or passed on: its line stays as it is. */ #busy = null;

  /** @param {{open?: (subject: import("./panel.js").Subject) => void, canAsk?: boolean}} hooks `open` none: lines lead nowhere; `canAsk`: a callback can be asked for by hand */
  constructor(hooks) {
    this.hooks = hooks;
    this.problem = el("p", { class: "problem", role: "status" });
    this.root = el("div", { class: "day-body day-items", hidden: true });
  }

  /** Look again: the socket said that something changed, or the page is back. */
  async refresh() {
    try {
      [this.#callbacks, this.#messages] = await Promise.all([ask("GET", "/api/callbacks"), ask("GET", "/api/voicemails")]);
      this.problem.textContent = "";
    } catch (error) {
      if (!isAbsent(error) && !(error instanceof ApiError && error.status === 401)) this.problem.textContent = t("items_unavailable", { why: why(error) });
    }
    this.#draw();
  }

  #draw() {
    if (!this.#callbacks || this.#busy) return;
    const shown = JSON.stringify([this.#callbacks.open, this.#callbacks.failed, this.#messages?.voicemails]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { open, failed } = this.#callbacks;
    const messages = this.#messages?.voicemails ?? [];
    const parts = [];
    if (open.length || failed.length || this.hooks.canAsk) parts.push(this.#section("callbacks", t("callbacks"), open.length, [...open, ...failed].map((one) => this.#callback(one)), this.hooks.canAsk ? this.#askForm() : null));
    if (messages.length) parts.push(this.#section("messages", t("messages"), messages.length, messages.map((/** @type {any} */ one) => this.#message(one))));
    this.root.hidden = !parts.length;
    this.root.replaceChildren(...parts);
  }

  /** @param {string} id @param {string} title @param {number} count @param {Node[]} lines @param {Node | null} [foot] */
  #section(id, title, count, lines, foot = null) {
    return el("section", { class: `day-part day-${id}`, "aria-labelledby": `${id}-title` },
      el("h2", { id: `${id}-title` }, title, " ", el("span", { class: "count" }, String(count))), el("ul", { class: "lines-list" }, ...lines), foot);
  }

  /** Promise one by hand. */
  #askForm() {
    const number = el("input", { type: "tel", required: true, maxlength: 40, placeholder: "+7 916 123-45-67", "aria-label": t("callback_number") });
    const name = el("input", { type: "text", maxlength: 200, placeholder: t("callback_name"), "aria-label": t("callback_name") });
    const queue = el("select", { required: true, "aria-label": t("queue") }, ...(this.#messages?.queues ?? []).map((/** @type {string} */ q) => el("option", { value: q }, queueTitle(q))));
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      await this.#order("/api/callbacks", { number: number.value, queue: queue.value, name: name.value }, "callback_ask_done");
    };
    const typing = () => (this.#busy = number.value || name.value ? "asking" : null); // a list that is drawn anew would take the words away
    return el("form", { class: "pass-on ask-callback", onsubmit: send, oninput: typing }, number, name, queue, el("button", { type: "submit", class: "small-button" }, t("callback_ask")));
  }

  /** @param {any} one */
  #callback(one) {
    const who = one.name || (one.reason === "no_number" ? t("hidden_number") : one.number_text) || t("hidden_number");
    const bad = one.state === "failed" || one.state === "unknown";
    const facts = [queueTitle(one.queue), callbackState(one), one.times_asked > 1 ? t("asked_times", { count: String(one.times_asked) }) : "", one.asked_by ? t("asked_by", { who: one.asked_by }) : ""];
    const subject = { client_id: null, name: one.name, card_id: one.asked_on, number: one.number, number_text: one.number_text };
    const act = (/** @type {string} */ what, /** @type {any} */ picture, /** @type {any} */ words, kind = "") =>
      one.can.includes(what) && (what !== "take" || declared().can.dial)
        ? button(picture, t(words), () => this.#order(path`/api/callbacks/${one.callback_id}/` + what, {}, `callback_${what}_done`), kind) : "";
    return el("li", { "data-line": `b-${one.callback_id}`, "data-number": one.number, "data-card": one.asked_on, class: bad ? "is-bad" : "" },
      main(this.hooks.open && (() => this.hooks.open?.(subject)), when(one.asked_at, one.zone), who, facts.filter(Boolean).join(" · ")),
      el("span", { class: "line-acts" }, act("take", "phone", "callback_take"), one.can.includes("take") ? "" : act("again", "phone", "callback_again"), act("settle", "check", "callback_settle"), act("cancel", "close", "callback_cancel")));
  }

  /** @param {any} one */
  #message(one) {
    const who = one.client_name || one.caller_name || one.number_text || t("hidden_number");
    const state = one.state === "taken" ? t("message_taken", { who: one.owner }) : one.state === "passed_on" ? t(one.owner ? "message_for" : "message_passed", { who: one.owner, by: one.passed_by }) : "";
    const facts = [queueTitle(one.queue), clock(one.seconds), state, one.note ? `“${one.note}”` : ""];
    const subject = { client_id: one.client_id, name: one.client_name || one.caller_name, card_id: one.card_id, number: one.number, number_text: one.number_text };
    const url = path`/api/voicemails/${one.voicemail_id}/`;
    const act = (/** @type {string} */ what, /** @type {any} */ picture, /** @type {any} */ words) => (one.can.includes(what) ? button(picture, t(words), () => this.#order(url + what, {}, `message_${what}_done`)) : "");
    const below = el("div", { class: "item-below" });
    const line = el("li", { "data-line": `v-${one.voicemail_id}`, "data-number": one.number, "data-client": one.client_id, "data-card": one.card_id },
      main(this.hooks.open && (() => this.hooks.open?.(subject)), when(one.left_at, null), who, facts.filter(Boolean).join(" · ")),
      el("span", { class: "line-acts" },
        one.playable ? button("play", t("message_play"), () => this.#play(one, below)) : "",
        act("take", "person", "message_take"), act("release", "close", "message_release"),
        one.can.includes("pass_on") ? button("transfer", t("message_pass_on"), () => this.#passOn(one, below)) : "",
        act("done", "check", "message_done")), below);
    return line;
  }

  /** @param {any} one @param {HTMLElement} below */
  #play(one, below) {
    const player = el("audio", { controls: true, preload: "none", src: path`/api/cards/${one.card_id}/voicemail` + `?voicemail_id=${encodeURIComponent(one.voicemail_id)}`, "aria-label": t("message_play") });
    player.addEventListener("error", () => {
      tell(t("message_not_played"), "bad");
      this.#free();
    });
    this.#occupy(one.voicemail_id, below, player);
    player.play().catch(() => {}); // the error event says why
  }

  /** @param {any} one @param {HTMLElement} below */
  async #passOn(one, below) {
    const people = await ask("GET", "/api/colleagues").then((found) => found.agents, () => []);
    const options = (/** @type {string} */ kind, /** @type {[string, string][]} */ pairs) => pairs.map(([value, words]) => el("option", { value: `${kind}:${value}` }, words));
    const to = el("select", { required: true, "aria-label": t("message_to") },
      el("option", { value: "" }, t("message_to")),
      el("optgroup", { label: t("colleagues") }, ...options("to", people.map((/** @type {any} */ p) => [p.login, p.name]))),
      el("optgroup", { label: t("queues") }, ...options("queue", this.#messages.queues.filter((/** @type {string} */ q) => q !== one.queue).map((/** @type {string} */ q) => [q, queueTitle(q)]))));
    const note = el("input", { type: "text", maxlength: 500, placeholder: t("message_note"), "aria-label": t("message_note") });
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const [kind, name] = [to.value.slice(0, to.value.indexOf(":")), to.value.slice(to.value.indexOf(":") + 1)];
      this.#free();
      await this.#order(path`/api/voicemails/${one.voicemail_id}/pass-on`, { [kind]: name, note: note.value }, "message_pass_on_done");
    };
    const form = el("form", { class: "pass-on", onsubmit: send }, to, note,
      el("button", { type: "submit", class: "small-button" }, t("message_pass_on")), el("button", { type: "button", class: "small-button", onclick: () => this.#free() }, t("cancel")));
    this.#occupy(one.voicemail_id, below, form);
    to.focus();
  }

  /** Nothing moves under the ear or the hand. @param {string} id @param {HTMLElement} below @param {Node} content */
  #occupy(id, below, content) {
    for (const other of this.root.querySelectorAll(".item-below")) other.replaceChildren();
    this.#busy = id;
    below.replaceChildren(content);
    content.addEventListener("ended", () => this.#free());
  }

  #free() {
    this.#busy = null;
    this.#shown = "";
    this.#draw();
  }

  /** @param {string} url @param {any} body @param {string} said */
  async #order(url, body, said) {
    this.#busy = null;
    try {
      await ask("POST", url, body);
      tell(t(/** @type {any} */ (said)));
    } catch (error) {
      tellFailure(error);
    }
    this.#shown = "";
    await this.refresh();
  }
}

/** In words what is going on with it, and when it goes on. @param {any} one */
function callbackState(one) {
  const due = isToday(one.due_at) ? timeOfDay(one.due_at) : dayAndTime(one.due_at);
  if (one.state === "planned") return t("callback_planned", { time: due });
  if (one.state === "failed" || one.state === "unknown") return [t(`callback_${/** @type {"failed" | "unknown"} */ (one.state)}`), reason(one.reason)].filter(Boolean).join(": ");
  const last = one.attempts[one.attempts.length - 1];
  return one.state === "waiting" ? t("callback_waiting", { time: timeOfDay(one.entered_at) }) : t(`callback_${/** @type {"ringing" | "talking"} */ (one.state)}`, { who: last?.login ?? "" });
}

/** @param {string} code */
function reason(code) {
  const known = { not_reached: "why_not_reached", expired: "why_expired", no_number: "why_no_number", number_not_allowed: "why_not_allowed", too_many: "why_too_many", restart: "why_restart", line_lost: "why_line_lost", result_unknown: "why_line_lost" };
  const key = /** @type {any} */ (known)[code];
  return key ? t(key) : code;
}

/** Our time, and the client's where it is another. @param {string} at @param {string | null} zone */
function when(at, zone) {
  const there = zone ? timeThere(zone, at) : "";
  const ours = isToday(at) ? timeOfDay(at) : dayAndTime(at);
  return [ours, there && there !== timeThere(ourZone(), at) ? el("span", { class: "there" }, t("time_there", { time: there })) : ""];
}

/** @param {(() => void) | undefined} open @param {any[]} time @param {string} who @param {string} text */
function main(open, time, who, text) {
  return el(open ? "button" : "div", { type: open ? "button" : null, class: "line-main", ...(open ? { onclick: open } : {}) },
    el("span", { class: "line-time" }, ...time), el("span", { class: "line-who" }, outside(who)), el("span", { class: "line-text quiet" }, outside(text)));
}

/** @param {any} picture @param {string} words @param {() => unknown} does @param {string} [kind] */
function button(picture, words, does, kind = "") {
  const pressed = async (/** @type {Event} */ event) => {
    const pressed = /** @type {HTMLButtonElement} */ (event.currentTarget);
    pressed.disabled = true; // one press, one act
    await does();
    pressed.disabled = false;
  };
  return el("button", { type: "button", class: `small-button ${kind}`, title: words, "aria-label": words, onclick: pressed }, icon(picture));
}
