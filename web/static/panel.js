// The side panel: one client with everything that is known and the whole time line. Esc closes it; focus goes back to where it was.
// @ts-check
import { ask, path, why } from "./api.js";
import { ClientBox, numberButton } from "./client.js";
import { declared } from "./declared.js";
import { byId, el, outside } from "./dom.js";
import { followUpList } from "./follow_ups.js";
import { timeThere } from "./format.js";
import { icon } from "./icons.js";
import { TimeLine, pastItem } from "./past.js";
import { Plan } from "./plan.js";
import { t } from "./texts.js";

/** @typedef {{client_id: string | null, name: string, card_id?: string | null, number?: string, number_text?: string, mark?: boolean}} Subject */

export class Panel {
  /** @type {HTMLElement | null} */ #cameFrom = null;
  /** @type {Subject | null} */ subject = null;

  /** @param {() => void} changed something was planned or done: whoever shows it should look again */
  constructor(changed) {
    this.changed = changed;
    this.root = byId("panel");
    this.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {Subject} subject */
  open(subject) {
    if (!this.isOpen) this.#cameFrom = /** @type {HTMLElement} */ (document.activeElement);
    this.subject = subject;
    this.root.hidden = false;
    document.body.classList.add("has-panel");
    this.title = el("h2", { id: "panel-title", tabindex: -1 }, outside(subject.name || subject.number_text || t("hidden_number")));
    this.flags = el("div", { class: "panel-flags" });
    this.body = el("div", { class: "panel-body" });
    const close = el("button", { type: "button", class: "plain round", "aria-label": t("close"), title: `${t("close")} (Esc)`, onclick: () => this.close() }, icon("close"));
    this.root.replaceChildren(el("header", { class: "panel-head" }, el("div", { class: "panel-who" }, this.title, this.flags), close), this.body);
    if (subject.client_id) this.#drawClient(subject.client_id);
    else this.#drawCard(subject);
    this.title.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.root.hidden = true;
    document.body.classList.remove("has-panel");
    this.subject = null;
    if (this.#cameFrom?.isConnected) this.#cameFrom.focus();
  }

  /** @param {string} clientId */
  #drawClient(clientId) {
    const promised = el("div", {});
    const planPlace = el("div", {});
    const box = new ClientBox(clientId, (client) => {
      this.title.replaceChildren(outside(client.name || this.subject?.number_text || t("hidden_number")));
      this.#drawFlags(client);
      if (!planPlace.childElementCount) {
        const plan = new Plan({ about: { client_id: clientId }, zone: client.timezone || declared().site.timezone, keepIn: `meridian.plan.${clientId}`, planned: () => showPromised(true) });
        planPlace.replaceChildren(plan.root);
      }
    });
    const showPromised = async (told = false) => {
      const found = await ask("GET", `/api/follow-ups?${new URLSearchParams({ client_id: clientId, state: "open" })}`).catch(() => null);
      const lines = found?.follow_ups ?? [];
      promised.replaceChildren(lines.length ? followUpList(lines, () => showPromised(true)) : "");
      if (told) this.changed();
    };
    showPromised();
    const line = new TimeLine(clientId, this.subject?.mark ? this.subject.card_id : null);
    this.body.replaceChildren(
      section("next-contact", t("next_contact"), promised, planPlace),
      section("details", t("details"), box.root),
      section("whole-line", t("time_line"), line.root));
  }

  /** A conversation with nobody we know. @param {Subject} subject */
  async #drawCard(subject) {
    const call = numberButton(subject.number ?? "", subject.number_text ?? "", { card_id: subject.card_id });
    const place = el("ol", { class: "past" });
    this.body.replaceChildren(section("details", t("details"), call), section("whole-line", t("time_line"), place));
    if (!subject.card_id) return;
    try {
      const card = await ask("GET", path`/api/cards/${subject.card_id}`);
      place.replaceChildren(pastItem({ ...card, channel: card.channel ?? "voice", queue: card.queues?.[0] ?? null, agent: card.operator, answered: card.talk_s !== null }));
    } catch (error) {
      place.replaceChildren(el("li", {}, t("failed", { why: why(error) })));
    }
  }

  /** @param {any} client */
  #drawFlags(client) {
    const there = client.timezone ? timeThere(client.timezone) : "";
    this.flags.replaceChildren(
      client.warning ? el("p", { class: "warning-strip" }, icon("warning"), outside(client.warning, "span")) : "",
      el("p", { class: "quiet" }, client.vip ? el("span", { class: "badge badge-vip" }, icon("star"), t("vip")) : "", " ",
        client.organisation ? outside(client.organisation.name, "span") : "", there ? ` · ${t("time_there", { time: there })}` : ""));
  }
}

/** @param {string} id @param {string} title @param {...Node} content */
function section(id, title, ...content) {
  return el("section", { class: "panel-part", "aria-labelledby": `panel-${id}` }, el("h3", { id: `panel-${id}` }, title), ...content);
}
