// One conversation in full: who, the call, the result being typed, what was before. Built once for a card, then updated
// piece by piece, so that nothing moves under the operator's fingers.
// @ts-check
import { ApiError, ask } from "./api.js";
import { el, outside } from "./dom.js";
import { clock, dayAndTime, localField, secondsBetween, timeOfDay, zone } from "./format.js";
import { isLive, isMissed } from "./pops.js";
import { DISPOSITIONS, outcome, reason, t } from "./texts.js";
import { counter, mainTime, stateClass, stateWord, who } from "./view.js";

/** @typedef {import("./pops.js").Pop} Pop */
/** @typedef {import("./drafts.js").Typed} Typed */

export class Detail {
  #touched = false;
  #renaming = false;
  /** @type {any[] | null} */ #shownHistory = null;

  /** @param {Pop} pop @param {import("./drafts.js").Drafts} drafts @param {() => void} done */
  constructor(pop, drafts, done) {
    this.pop = pop;
    this.cardId = pop.card_id;
    this.drafts = drafts;
    this.done = done;
    this.head = el("header", { class: "call-head" });
    this.hint = el("p", { class: "next-step" });
    this.past = el("section", { class: "panel history", "aria-labelledby": "history-title" });
    this.form = this.#form();
    const next = el("div", { class: "next" }, this.hint, el("div", { class: "actions" }, this.callButton, this.doneButton));
    this.root = el("article", {}, this.head, next, el("div", { class: "halves" }, this.form, this.past));
    this.update(pop);
    this.#fill();
  }

  /** @param {Pop} pop */
  update(pop) {
    this.pop = pop;
    this.root.className = `call ${stateClass(pop)}`;
    if (!this.#renaming) this.#drawHead();
    this.hint.textContent = this.#nextStep();
    this.doneButton.hidden = isLive(pop);
    this.callButton.hidden = isLive(pop) || !pop.number;
    this.callButton.textContent = t("call_back", { number: pop.number_text });
    this.callButton.className = isMissed(pop) ? "primary" : "";
    this.doneButton.className = isMissed(pop) ? "" : "primary";
    if (this.#shownHistory !== pop.history || this.shownState !== pop.history_state) this.#drawHistory();
  }

  focusNotes() {
    this.notes.focus();
  }

  /** @param {"saving" | "saved" | "kept" | "refused"} state @param {any} [why] */
  saveState(state, why) {
    const values = { time: timeOfDay(new Date().toISOString()), why: why instanceof ApiError ? reason(why) : "" };
    const key = { saving: "saving", saved: "saved", kept: "kept", refused: "refused_save" }[state];
    this.saved.textContent = t(/** @type {any} */ (key), values);
    this.saved.className = `save-state save-${state}`;
  }

  #nextStep() {
    if (isMissed(this.pop)) return t("missed_hint");
    if (this.pop.state === "ringing") return this.pop.direction === "outbound" ? "" : t("answer_hint");
    return t(isLive(this.pop) ? "talk_hint" : "ended_hint");
  }

  #drawHead() {
    const pop = this.pop;
    const named = Boolean(pop.client?.name || pop.caller_name);
    const badges = [el("span", { class: "badge badge-state" }, stateWord(pop), " ", mainTime(pop))];
    if (pop.client?.is_new && !pop.history.length) badges.push(el("span", { class: "badge" }, t("new_client")));
    const rename = pop.client ? el("button", { class: "plain", onclick: () => this.#rename() }, t(pop.client.name ? "rename" : "who_is_it")) : "";
    this.head.replaceChildren(
      el("div", { class: "head-who" },
        el("div", { class: "badges" }, ...badges),
        el("h1", {}, outside(who(pop)), " ", rename),
        named ? el("p", { class: "call-number" }, outside(pop.number_text || t("hidden_number"))) : ""),
      el("dl", { class: "facts" }, ...this.#facts()),
      pop.client?.note ? el("p", { class: "client-note" }, outside(pop.client.note)) : "",
    );
  }

  #facts() {
    const pop = this.pop;
    const facts = [];
    const add = (/** @type {any} */ key, /** @type {any} */ value) => facts.push(el("div", {}, el("dt", {}, t(key)), el("dd", {}, value)));
    if (pop.queue) add("queue", outside(pop.queue));
    if (pop.dialled && pop.direction === "inbound") add("dialled", outside(pop.dialled_text));
    if (pop.client?.name && pop.caller_name && pop.caller_name !== pop.client.name) add("says_name", outside(pop.caller_name));
    if (pop.waiting_since && pop.direction === "inbound") {
      const until = pop.answered_at ?? pop.ended_at;
      add(until ? "waited" : "waiting", counter(pop.waiting_since, until));
    }
    if (pop.answered_at && pop.ended_at) add("talk_time", clock(secondsBetween(pop.answered_at, pop.ended_at)));
    return facts;
  }

  #rename() {
    this.#renaming = true;
    const input = el("input", { value: this.pop.client?.name ?? "", maxlength: 200, "aria-label": t("who_is_it"), id: "client-name" });
    const problem = el("p", { class: "problem", role: "alert" });
    const over = () => {
      this.#renaming = false;
      this.#drawHead();
    };
    const save = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        const saved = await ask("PATCH", `/api/clients/${encodeURIComponent(this.pop.client?.client_id ?? "")}`, { name: input.value.trim() });
        if (this.pop.client) this.pop.client = { ...this.pop.client, name: saved.name, is_new: false };
        this.renamed?.(this.pop);
        over();
      } catch (error) {
        problem.textContent = t("failed", { why: error instanceof ApiError && error.status ? reason(error) : t("offline") });
      }
    };
    const form = el("form", { class: "rename", onsubmit: save }, input, el("button", { class: "primary" }, t("save_name")),
      el("button", { type: "button", onclick: over }, t("cancel")), problem);
    form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && over());
    this.head.querySelector("h1").replaceWith(form);
    input.select();
  }

  #form() {
    const keep = () => this.#keep();
    this.notes = el("textarea", { id: "notes", rows: 5, maxlength: 10_000, placeholder: t("notes_placeholder"), oninput: keep });
    const choices = DISPOSITIONS.map((code) => el("option", { value: code }, outcome(code)));
    this.disposition = el("select", { id: "disposition", onchange: keep }, el("option", { value: "" }, t("disposition_none")), ...choices);
    this.nextAt = el("input", { id: "next-at", type: "datetime-local", onchange: keep });
    this.nextText = el("input", { id: "next-text", maxlength: 500, placeholder: t("next_contact_placeholder"), oninput: keep });
    this.saved = el("p", { class: "save-state", role: "status" });
    this.doneButton = el("button", { id: "done", type: "button", onclick: this.done }, t("done"));
    this.callButton = el("button", { id: "call-back", type: "button", onclick: () => this.#callBack() });
    return el(
      "section", { class: "panel result", "aria-labelledby": "result-title" },
      el("h2", { id: "result-title" }, t("result")),
      el("div", { class: "label-row" }, el("label", { for: "notes" }, t("notes")), this.saved), this.notes,
      el("label", { for: "disposition" }, t("disposition")), this.disposition,
      el("div", { class: "pair" },
        el("div", {}, el("label", { for: "next-at" }, t("next_contact")), this.nextAt),
        el("div", {}, el("label", { for: "next-text" }, t("next_contact_text")), this.nextText)),
    );
  }

  #keep() {
    this.#touched = true;
    this.drafts.keep(this.cardId, {
      notes: this.notes.value,
      disposition: this.disposition.value || null,
      next_contact_at: this.nextAt.value ? new Date(this.nextAt.value).toISOString() : null,
      next_contact_text: this.nextText.value,
    });
    this.saveState("saving");
  }

  /** What was typed before: in this browser first, else on the card. */
  async #fill() {
    const draft = this.drafts.of(this.cardId);
    if (draft) {
      this.saveState("kept");
      return this.#put(draft);
    }
    const card = await ask("GET", `/api/cards/${encodeURIComponent(this.cardId)}`).catch(() => null);
    if (card && !this.#touched) this.#put(card);
  }

  /** @param {Typed} typed */
  #put(typed) {
    this.notes.value = typed.notes;
    const code = typed.disposition ?? "";
    if (code && !DISPOSITIONS.includes(code)) this.disposition.append(el("option", { value: code }, outcome(code)));
    this.disposition.value = code;
    this.nextAt.value = localField(typed.next_contact_at);
    this.nextText.value = typed.next_contact_text;
  }

  async #callBack() {
    this.callButton.disabled = true;
    try {
      await ask("POST", "/api/calls", { number: this.pop.client?.number || this.pop.number });
      this.hint.textContent = t("calling_now");
    } catch (error) {
      const why = error instanceof ApiError && error.status ? reason(error) : t("offline");
      this.hint.textContent = t("failed", { why });
    } finally {
      this.callButton.disabled = false;
    }
  }

  #drawHistory() {
    this.#shownHistory = this.pop.history;
    this.shownState = this.pop.history_state;
    const items = this.pop.history.map(past);
    const list = items.length ? el("ol", { class: "past" }, ...items) : "";
    const word = { loading: "history_loading", unavailable: "history_unavailable", ready: "history_none" }[this.pop.history_state];
    const note = items.length && this.pop.history_state === "ready" ? "" : el("p", { class: "quiet" }, t(/** @type {any} */ (word)));
    const count = items.length ? el("span", { class: "count" }, String(items.length)) : "";
    const times = items.length ? el("p", { class: "quiet small" }, t("times_in", { zone: zone() })) : "";
    this.past.replaceChildren(el("h2", { id: "history-title" }, t("history"), " ", count), note, list, times);
  }
}

/** One earlier conversation. @param {any} item */
function past(item) {
  const arrow = { inbound: "↙", outbound: "↗", internal: "↔" }[/** @type {"inbound"} */ (item.direction)];
  const facts = [item.queue, item.agent].filter(Boolean).map((/** @type {string} */ text) => outside(text, "span", { class: "fact" }));
  const talk = item.answered ? (item.talk_s === null ? "" : clock(item.talk_s)) : t("history_missed");
  return el(
    "li", { class: item.answered ? "" : "was-missed" },
    el("div", { class: "past-head" },
      el("span", { class: "arrow", role: "img", "aria-label": t(item.direction), title: t(item.direction) }, arrow),
      el("time", { datetime: item.started_at }, dayAndTime(item.started_at)), ...facts,
      talk ? el("span", { class: "fact" }, talk) : "",
      item.disposition ? el("span", { class: "badge" }, outside(outcome(item.disposition))) : ""),
    item.notes ? outside(item.notes, "p", { class: "past-notes" }) : "",
  );
}
