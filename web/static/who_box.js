// Who is it? Candidates with their reasons, confirmed by one press; somebody new in one step; a caller id is only a claim.
// @ts-check
import { ask, path, why } from "./api.js";
import { declared, said } from "./declared.js";
import { el, outside } from "./dom.js";
import { dayAndTime } from "./format.js";
import { icon } from "./icons.js";
import { tell, tellFailure } from "./notice.js";
import { t } from "./texts.js";

/** @typedef {import("./pops.js").Pop} Pop */

export class WhoBox {
  #naming = false;
  #shown = "";

  /** @param {(client: any) => void} identified */
  constructor(identified) {
    this.identified = identified;
    this.root = el("section", { class: "ask-block who-block", "aria-labelledby": "who-title", hidden: true });
  }

  /** Whether the number stands for one person, so that a name is that person's. */
  get #isPerson() {
    return Boolean(this.pop.client) && this.pop.client?.kind !== "organisation" && !this.pop.candidates?.length;
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Candidates show by themselves; the form for a new one when asked for. @param {Pop} pop */
  update(pop) {
    const candidates = pop.candidates ?? [];
    const shown = JSON.stringify([candidates, this.#naming, pop.card_id]);
    this.pop = pop;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.root.hidden = !candidates.length && !this.#naming;
    if (this.root.hidden) return;
    const title = candidates.length ? t("which_one", { count: String(candidates.length) }) : t("who_is_it");
    this.root.replaceChildren(
      el("h2", { id: "who-title" }, title),
      candidates.length ? el("ul", { class: "candidates" }, ...candidates.map((one) => this.#candidate(one)), el("li", {}, el("button", { type: "button", class: "candidate is-new", onclick: () => this.name() }, icon("plus"), t("somebody_new")))) : "",
      this.#naming ? this.#form() : "");
    if (this.#naming) this.root.querySelector("input")?.select();
  }

  /** Open the form for a name, or go to the candidates. */
  focus() {
    const first = /** @type {HTMLElement | null} */ (this.root.querySelector(".candidate"));
    if (first && this.isOpen) first.focus();
    else this.name();
  }

  name() {
    this.#naming = true;
    this.update(this.pop);
  }

  /** @param {import("./pops.js").Candidate} one */
  #candidate(one) {
    const last = one.last_contact_at ? t("last_contact", { time: dayAndTime(one.last_contact_at) }) : "";
    const facts = [one.organisation, t(/** @type {any} */ (`reason_${one.reason}`)), last].filter(Boolean).join(" · ");
    return el("li", {}, el("button", { type: "button", class: "candidate", "data-client": one.client_id, onclick: () => this.#confirm({ client_id: one.client_id }) },
      icon(one.kind === "organisation" ? "organisation" : "person"),
      el("span", { class: "candidate-who" }, outside(one.name || t("no_name")), one.vip ? el("span", { class: "badge badge-vip" }, icon("star"), t("vip")) : ""),
      outside(facts, "span", { class: "quiet candidate-why" })));
  }

  #form() {
    const input = el("input", { id: "client-name", maxlength: 200, "aria-label": t("who_is_it"), placeholder: t("name_placeholder"), value: this.#isPerson ? this.pop.client?.name ?? "" : "", autocomplete: "off" });
    const problem = el("p", { class: "problem", role: "alert" });
    const save = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (!name) return input.focus();
      try {
        await this.#named(name);
      } catch (error) {
        problem.textContent = t("failed", { why: why(error) });
      }
    };
    const over = () => this.#over();
    const form = el("form", { class: "rename", onsubmit: save }, input, el("button", { class: "primary" }, t("save_name")), el("button", { type: "button", onclick: over }, t("cancel")), problem);
    form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      over();
    });
    return form;
  }

  #over() {
    this.#naming = false;
    this.update(this.pop);
  }

  /** The one who is known by the number alone gets the name; else somebody new is made and this card is theirs. @param {string} name */
  async #named(name) {
    const pop = this.pop;
    if (pop.client && this.#isPerson) {
      const client = await ask("PATCH", path`/api/clients/${pop.client.client_id}`, { name });
      this.#over();
      return this.identified({ ...pop.client, name: client.name, is_new: false });
    }
    const organisation = pop.client?.kind === "organisation" ? { organisation_id: pop.client.client_id } : {};
    this.#over();
    await this.#confirm({ new: { name, ...organisation } });
  }

  /** @param {any} whom */
  async #confirm(whom) {
    const pop = this.pop;
    try {
      const { client, linked } = await ask("POST", path`/api/cards/${pop.card_id}/client`, { ...whom, learn: true });
      if (linked) tell(t("linked", { count: String(linked) }));
      this.identified(summary(client, pop));
    } catch (error) {
      tellFailure(error);
    }
  }
}

/** A client as a pop has it. @param {any} client @param {Pop} pop */
function summary(client, pop) {
  return { ...client, number: pop.number, is_new: false, organisation: client.organisation?.name ?? null, organisation_id: client.organisation?.client_id ?? null };
}

/** The questions before sensitive history is told, with what came of them on the card. @param {string} cardId */
export function checkBlock(cardId) {
  /** @type {Record<string, string>} */ const answers = {};
  const result = el("p", { class: "quiet", role: "status" });
  const send = async () => {
    try {
      await ask("POST", path`/api/cards/${cardId}/check`, { answers });
      result.textContent = t("check_noted");
    } catch (error) {
      tellFailure(error);
    }
  };
  const rows = declared().checks.map((one) => {
    const name = `check-${one.code}`;
    const choices = ["right", "wrong", "not_asked"].map((answer) => el("button", { type: "button", class: `chip chip-${answer}`, "aria-pressed": "false",
      onclick: (/** @type {Event} */ event) => {
        answers[one.code] = answer;
        const pressed = /** @type {HTMLElement} */ (event.currentTarget);
        for (const other of pressed.parentElement?.children ?? []) other.setAttribute("aria-pressed", String(other === pressed));
        send();
      } }, t(/** @type {any} */ (`check_${answer}`))));
    return el("li", {}, outside(said(one), "span", { id: name }), el("span", { class: "chips", role: "group", "aria-labelledby": name }, ...choices));
  });
  return el("section", { class: "ask-block check-block", "aria-labelledby": "check-title" }, el("h2", { id: "check-title" }, t("check_first")),
    rows.length ? el("ul", { class: "checks" }, ...rows) : "", result);
}
