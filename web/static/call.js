// One conversation in full: who, the call, the result being typed, what was before. Built once for a card, then updated
// piece by piece, so that nothing moves under the operator's fingers.
// @ts-check
import { ask } from "./api.js";
import { CallHead } from "./call_head.js";
import { ClientBox } from "./client.js";
import { declared } from "./declared.js";
import { el, outside } from "./dom.js";
import { followUpList } from "./follow_ups.js";
import { zone } from "./format.js";
import { icon } from "./icons.js";
import { pastItem } from "./past.js";
import { Plan } from "./plan.js";
import { Result } from "./result.js";
import { t } from "./texts.js";
import { stateClass, who } from "./view.js";
import { WhoBox, checkBlock } from "./who_box.js";

/** @typedef {import("./pops.js").Pop} Pop */

export class Call {
  /** @type {any[] | null} */ #shownHistory = null;
  #shownClient = "";
  #shownPromised = "";
  #shownStory = "";
  #shownCheck = "";
  /** @type {any[] | null} */ #promised = null;

  /**
   * @param {Pop} pop @param {import("./drafts.js").Drafts} drafts
   * @param {Omit<import("./call_head.js").HeadHooks, "name"> & {identified: (client: any, confirmed?: boolean) => void}} hooks
   */
  constructor(pop, drafts, hooks) {
    this.pop = pop;
    this.cardId = pop.card_id;
    this.hooks = hooks;
    this.who = new WhoBox((client) => hooks.identified(client, true));
    this.head = new CallHead({ ...hooks, name: () => this.who.name() });
    this.result = new Result(pop.card_id, drafts);
    this.plan = new Plan({ about: { card_id: pop.card_id }, zone: this.#zone(pop), keepIn: `meridian.plan.${pop.card_id}`, planned: () => this.#lookAtPromised() });
    this.story = el("section", { class: "ask-block story", hidden: true, "aria-labelledby": "story-title" });
    this.check = el("div", { class: "check-place" });
    this.promised = el("div", {});
    this.past = el("section", { class: "panel history", "aria-labelledby": "history-title" });
    this.details = el("div", {});
    const result = el("section", { class: "panel result", "aria-labelledby": "result-title" }, el("h2", { id: "result-title" }, t("result")), this.result.root,
      el("div", { class: "next-contact" }, el("h3", {}, t("next_contact"), " ", el("kbd", { "aria-hidden": "true" }, "F")), this.promised, this.plan.root));
    this.root = el("article", {}, this.head.identity, this.head.bar, this.story, this.who.root,
      el("div", { class: "halves" }, el("div", { class: "half-left" }, result), el("div", { class: "half-right" }, this.check, this.past, this.details)));
    this.update(pop);
  }

  /** @param {Pop} pop */
  update(pop) {
    this.pop = pop;
    this.root.className = `call ${stateClass(pop)}`;
    this.root.setAttribute("aria-label", who(pop));
    this.head.update(pop);
    this.who.update(pop);
    this.result.ofQueue(pop.queue);
    this.plan.inZone(this.#zone(pop));
    this.#drawStory(pop);
    this.#drawCheck(pop);
    this.#drawPromised();
    if (this.#shownHistory !== pop.history || this.shownState !== pop.history_state) this.#drawHistory();
    this.#drawDetails(pop);
  }

  focusNotes() {
    this.result.notes.focus();
  }

  /** @param {Pop} pop */
  #zone(pop) {
    return pop.client?.timezone || declared().site.timezone;
  }

  /** What the colleague wrote who passed the client on. @param {Pop} pop */
  #drawStory(pop) {
    const shown = `${pop.story_by} ${pop.story}`;
    if (shown === this.#shownStory) return;
    this.#shownStory = shown;
    this.story.hidden = !pop.story;
    this.story.replaceChildren(el("h2", { id: "story-title" }, icon("story"), t("story_from", { who: pop.story_by || "—" })), outside(pop.story ?? "", "p", { class: "past-notes" }));
  }

  /** @param {Pop} pop */
  #drawCheck(pop) {
    const shown = pop.client?.check && declared().checks.length ? pop.card_id : "";
    if (shown === this.#shownCheck) return;
    this.#shownCheck = shown;
    this.check.replaceChildren(shown ? checkBlock(pop.card_id) : "");
  }

  async #lookAtPromised() {
    const client = this.pop.client?.client_id;
    const query = client ? { client_id: client, state: "open" } : null;
    if (query) this.#promised = (await ask("GET", `/api/follow-ups?${new URLSearchParams(query)}`).catch(() => null))?.follow_ups ?? this.#promised;
    this.#drawPromised();
    this.hooks.changed();
  }

  #drawPromised() {
    const lines = this.#promised ?? this.pop.follow_ups ?? [];
    const shown = JSON.stringify(lines);
    if (shown === this.#shownPromised || this.promised.querySelector("form")) return;
    this.#shownPromised = shown;
    this.promised.replaceChildren(lines.length ? followUpList(lines, () => this.#lookAtPromised()) : "");
  }

  /** @param {Pop} pop */
  #drawDetails(pop) {
    const client = pop.client?.client_id ?? "";
    if (client === this.#shownClient) return;
    this.#shownClient = client;
    if (!client) return this.details.replaceChildren();
    const box = new ClientBox(client, (/** @type {any} */ changed) => {
      if (client !== this.#shownClient) return; // an answer about whom it was taken for until a moment ago
      this.hooks.identified({
        client_id: changed.client_id, name: changed.name, note: changed.note,
        ...(changed.version === undefined ? {} : { vip: changed.vip, warning: changed.warning, timezone: changed.timezone }) });
    });
    this.details.replaceChildren(el("section", { class: "panel", "aria-labelledby": "details-title" }, el("h2", { id: "details-title" }, t("details")), box.root));
  }

  #drawHistory() {
    this.#shownHistory = this.pop.history;
    this.shownState = this.pop.history_state;
    const items = this.pop.history.map((item) => pastItem(item));
    const list = items.length ? el("ol", { class: "past" }, ...items) : "";
    const word = { loading: "history_loading", unavailable: "history_unavailable", ready: "history_none" }[this.pop.history_state];
    const note = items.length && this.pop.history_state === "ready" ? "" : el("p", { class: "quiet" }, t(/** @type {any} */ (word)));
    const count = items.length ? el("span", { class: "count" }, String(items.length)) : "";
    const times = items.length ? el("p", { class: "quiet small" }, t("times_in", { zone: zone() })) : "";
    const more = items.length >= 20 ? el("button", { type: "button", class: "plain", onclick: this.hooks.panel }, t("whole_story")) : "";
    this.past.replaceChildren(el("h2", { id: "history-title" }, t("history"), " ", count), note, list, more, times);
  }
}
