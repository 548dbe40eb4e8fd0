// Passing the client on: to a colleague (whose state one sees), a queue or a number outside; asking first, or at once.
// @ts-check
import { ask } from "./api.js";
import { transfer } from "./call_acts.js";
import { ChooseList } from "./choose_list.js";
import { declared, queueTitle } from "./declared.js";
import { byId, el, outside } from "./dom.js";
import { icon } from "./icons.js";
import { stateText } from "./my_state.js";
import { t } from "./texts.js";
import { counter } from "./view.js";

const NUMBER = /^\+?[\d\s().\-/]{3,}$/;
const CONSULT = "meridian.consult.";

/** @typedef {import("./pops.js").Status} Status */

/** With whom one speaks while the client waits, or null. @param {string} cardId @returns {string | null} */
export function consulting(cardId) {
  return sessionStorage.getItem(CONSULT + cardId);
}

/** @param {string} cardId */
export function consultOver(cardId) {
  sessionStorage.removeItem(CONSULT + cardId);
}

export class Transfer {
  /** @type {string | null} */ #cardId = null;
  /** @type {Map<string, Status>} Asked for where the socket doesn't tell. */ #asked = new Map();

  /** @param {{changed: () => void, me: () => string, live: () => Map<string, Status> | null, shows: (open: boolean) => void}} hooks `live`: what the socket tells of everybody while one `shows` them, null while it is away; `me`: my extension */
  constructor(hooks) {
    this.hooks = hooks;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("transfer"));
    this.field = el("input", { id: "transfer-to", maxlength: 60, placeholder: t("transfer_placeholder"), autocomplete: "off" });
    const rows = el("ul", { id: "transfer-list", class: "choose-list", "aria-label": t("transfer_to") });
    this.list = new ChooseList(this.field, rows, { take: (_value, event) => this.#enter(event), moved: () => this.#fit() });
    this.attended = el("button", { type: "button", class: "primary", id: "transfer-ask", onclick: () => this.#go("attended") }, t("transfer_attended"), el("kbd", {}, "Enter"));
    this.blind = el("button", { type: "button", id: "transfer-now", onclick: () => this.#go("blind") }, t("transfer_blind"), el("kbd", {}, "Ctrl Enter"));
    const cancel = el("button", { type: "button", class: "plain", onclick: () => this.dialog.close() }, t("cancel"));
    this.dialog.setAttribute("aria-labelledby", "transfer-title");
    this.dialog.replaceChildren(el("h2", { id: "transfer-title" }, t("transfer_title")), el("label", { for: "transfer-to" }, t("transfer_to")), this.field, rows,
      el("div", { class: "actions" }, this.attended, this.blind, cancel));
    this.dialog.addEventListener("close", () => this.hooks.shows(false));
    this.field.addEventListener("input", () => this.#draw());
    this.field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#go("blind");
    });
  }

  /** @param {string} cardId */
  async open(cardId) {
    this.#cardId = cardId;
    this.field.value = "";
    this.hooks.shows(true);
    this.#draw();
    this.dialog.showModal();
    this.field.focus();
    if (this.hooks.live()) return;
    const { agents } = await ask("GET", "/api/colleagues").catch(() => ({ agents: [] }));
    this.#asked = new Map(agents.map((/** @type {Status} */ one) => [one.agent, one]));
    this.#draw();
  }

  /** Colleagues' states change while one chooses. */
  update() {
    if (this.dialog.open) this.#draw();
  }

  #draw() {
    const text = this.field.value.trim().toLowerCase();
    const has = (/** @type {string} */ words) => words.toLowerCase().includes(text);
    const live = this.hooks.live();
    const now = [...(live ?? this.#asked).values()].filter((one) => one.agent !== this.hooks.me());
    const order = ["ready", "wrap_up", "offered", "busy", "paused", "not_responding", "signed_out"];
    const people = now.filter((one) => has(`${one.name} ${one.login ?? ""} ${one.agent}`)).sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name));
    const queues = (declared().transfer_queues ?? []).filter((name) => has(`${queueTitle(name)} ${name}`));
    this.list.show([
      ...people.map(colleagueOption),
      ...queues.map((name) => ({ id: `to-queue-${name}`, group: t("transfer_queues"), value: { queue: name }, node: el("span", { class: "found-row" }, icon("queue"), outside(queueTitle(name), "span", { class: "found-who" })) })),
      ...(NUMBER.test(this.field.value.trim()) ? [{ id: "to-number", group: t("transfer_outside"), value: { number: this.field.value.trim() }, node: el("span", { class: "found-row" }, icon("phone"), outside(this.field.value.trim(), "span", { class: "found-who number" })) }] : []),
    ]);
  }

  /** One can't ask a queue first. */
  #fit() {
    const chosen = this.list.chosen;
    this.attended.disabled = !chosen || "queue" in chosen;
    this.blind.disabled = !chosen;
  }

  /** @param {KeyboardEvent | MouseEvent} event */
  #enter(event) {
    if (event instanceof KeyboardEvent && !event.ctrlKey && !event.metaKey) this.#go(this.attended.disabled ? "blind" : "attended");
    else this.field.focus();
  }

  /** @param {"blind" | "attended"} kind */
  async #go(kind) {
    const { name, ...to } = this.list.chosen ?? {};
    if (!this.#cardId || !Object.keys(to).length) return;
    const card = this.#cardId;
    this.dialog.close();
    if (!(await transfer(card, kind, to))) return;
    if (kind === "attended") sessionStorage.setItem(CONSULT + card, name ?? to.number ?? "");
    this.hooks.changed();
  }
}

/** @param {Status} one */
function colleagueOption(one) {
  return {
    id: `to-${one.agent}`, group: t("transfer_colleagues"), value: { agent: one.agent, name: one.name },
    node: el("span", { class: "found-row" }, el("span", { class: `dot dot-${one.state}` }), outside(one.name || one.agent, "span", { class: "found-who" }),
      el("span", { class: "quiet" }, stateText(one), " ", counter(one.since, null))),
  };
}
