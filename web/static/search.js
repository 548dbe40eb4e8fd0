// The search of the whole desk: clients and cards by name, number in any form, words of notes. `/` goes there.
// @ts-check
import { ask, isAbsent, why } from "./api.js";
import { dial } from "./call_acts.js";
import { ChooseList } from "./choose_list.js";
import { declared, outcome } from "./declared.js";
import { byId, el, outside } from "./dom.js";
import { dayAndTime } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

const PAUSE_MS = 200;
const NUMBER = /^\+?[\d\s().\-/]{3,}$/;

export class Search {
  #asked = 0;
  #timer = 0;

  /** @param {(subject: import("./panel.js").Subject) => void} open */
  constructor(open) {
    this.field = byId("search");
    this.box = byId("found");
    this.note = byId("found-note");
    this.list = new ChooseList(this.field, byId("found-list"), { take: (value) => this.#taken(value) });
    this.openSubject = open;
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("focus", () => this.field.value.trim() && (this.box.hidden = false));
    this.field.addEventListener("blur", () => (this.box.hidden = true));
    this.field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#leave(event));
    this.box.addEventListener("mousedown", (/** @type {Event} */ event) => event.preventDefault());
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** @param {KeyboardEvent} event */
  #leave(event) {
    event.stopPropagation();
    if (this.field.value) this.#clear();
    else this.field.blur();
  }

  #clear() {
    this.field.value = "";
    this.list.show([]);
    this.box.hidden = true;
    this.#asked++;
  }

  #typed() {
    clearTimeout(this.#timer);
    if (!this.field.value.trim()) return this.#clear();
    this.#timer = setTimeout(() => this.#find(), PAUSE_MS);
  }

  async #find() {
    const text = this.field.value.trim();
    const turn = ++this.#asked;
    try {
      const found = await search(text);
      if (turn !== this.#asked) return;
      const options = [...found.clients.map(clientOption), ...found.cards.map(cardOption), ...callOption(text)];
      this.list.show(options);
      this.note.textContent = options.length ? (found.more ? t("found_more") : "") : t("found_nothing", { text });
    } catch (error) {
      if (turn !== this.#asked) return;
      this.list.show(callOption(text));
      this.note.textContent = t("failed", { why: why(error) });
    }
    this.box.hidden = false;
  }

  /** @param {any} value */
  #taken(value) {
    this.#clear();
    this.field.blur();
    if (value.dial) dial(value.dial);
    else this.openSubject(value);
  }
}

/** @param {string} text */
async function search(text) {
  try {
    return await ask("GET", `/api/search?${new URLSearchParams({ q: text, limit: "12" })}`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const { clients } = await ask("GET", `/api/clients?${new URLSearchParams({ text, limit: "12" })}`);
    return { clients: clients.map((/** @type {any} */ one) => ({ ...one, number_text: one.numbers[0]?.text ?? "" })), cards: [], more: false };
  }
}

/** @param {any} client */
function clientOption(client) {
  const organisation = typeof client.organisation === "string" ? client.organisation : client.organisation?.name;
  return {
    id: `found-client-${client.client_id}`, group: t("found_clients"), value: { client_id: client.client_id, name: client.name, number_text: client.number_text },
    node: el("span", { class: "found-row" }, icon(client.kind === "organisation" ? "organisation" : "person"), outside(client.name || client.number_text, "span", { class: "found-who" }),
      outside([organisation, client.name ? client.number_text : ""].filter(Boolean).join(" · "), "span", { class: "quiet" })),
  };
}

/** @param {any} card */
function cardOption(card) {
  const who = card.client_name || card.caller_name || card.number_text || t("hidden_number");
  return {
    id: `found-card-${card.card_id}`, group: t("found_cards"),
    value: { client_id: card.client_id, name: card.client_name || card.caller_name, card_id: card.card_id, mark: true, number: card.number, number_text: card.number_text },
    node: el("span", { class: "found-row found-card" }, icon(card.direction), el("span", { class: "found-who" }, outside(who)), el("span", { class: "quiet nowrap" }, dayAndTime(card.started_at)),
      outside([card.disposition ? outcome(card.disposition) : "", card.notes].filter(Boolean).join(" · "), "span", { class: "found-notes quiet" })),
  };
}

/** @param {string} text */
function callOption(text) {
  if (!NUMBER.test(text) || !declared().can.dial) return [];
  return [{ id: "found-call", group: t("found_call"), value: { dial: text }, node: el("span", { class: "found-row" }, icon("phone"), outside(t("call_back", { number: text }), "span")) }];
}
