// A client's own particulars: numbers to call, addresses, and the fields that one may change in place.
// @ts-check
import { ApiError, ask, path } from "./api.js";
import { dial } from "./call_acts.js";
import { declared, said } from "./declared.js";
import { el, later, outside } from "./dom.js";
import { icon } from "./icons.js";
import { inPlace } from "./in_place.js";
import { tell, tellFailure } from "./notice.js";
import { t } from "./texts.js";

export class ClientBox {
  /** @type {any} */ client = null;

  /** @param {string} clientId @param {(client: any) => void} changed called with what the server has, at first and after every change */
  constructor(clientId, changed = () => {}) {
    this.clientId = clientId;
    this.changed = changed;
    this.root = el("div", { class: "client-box" });
    later(() => this.load());
  }

  async load() {
    try {
      this.#take(await ask("GET", path`/api/clients/${this.clientId}`));
    } catch (error) {
      this.root.replaceChildren(el("p", { class: "quiet" }, t("client_unavailable")));
    }
  }

  /** @param {any} client */
  #take(client) {
    this.client = client;
    this.#draw();
    this.changed(client);
  }

  /** A change against the version that one saw; where somebody was faster, theirs is shown and nothing is overwritten. @param {any} what */
  async #change(what) {
    try {
      this.#take(await ask("PATCH", path`/api/clients/${this.clientId}`, { ...what, version: this.client.version }));
      tell(t("saved_now"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        await this.load();
        return tell(t("client_conflict"), "bad");
      }
      throw error;
    }
  }

  #draw() {
    const client = this.client;
    const rows = [];
    rows.push(...(client.numbers ?? []).map((/** @type {any} */ one) => numberRow(one, client.client_id)));
    rows.push(...(client.emails ?? []).map((/** @type {string} */ one) => el("div", {}, el("dt", {}, t("email")), el("dd", {}, outside(one)))));
    for (const field of declared().fields) {
      rows.push(inPlace(said(field), {
        value: client.fields?.[field.code] ?? "", kind: field.kind, choices: field.choices,
        save: (value) => this.#change({ fields: { ...client.fields, [field.code]: value } }),
      }));
    }
    rows.push(inPlace(t("client_name"), { value: client.name, most: 200, save: (name) => this.#change({ name }) }));
    if (client.version !== undefined) {
      rows.push(inPlace(t("timezone"), { value: client.timezone ?? "", most: 60, save: (timezone) => this.#change({ timezone: timezone || null }) }));
      rows.push(inPlace(t("warning"), { value: client.warning ?? "", most: 500, save: (warning) => this.#change({ warning }) }));
    }
    rows.push(inPlace(t("client_note"), { value: client.note, kind: "long", most: 2_000, className: "wide-row", save: (note) => this.#change({ note }) }));
    const vip = client.version === undefined ? "" : el("button", { type: "button", class: "chip vip-switch", "aria-pressed": String(Boolean(client.vip)),
      onclick: () => this.#change({ vip: !client.vip }).catch(tellFailure) }, icon("star"), t("vip"));
    this.root.replaceChildren(el("dl", { class: "particulars" }, ...rows), vip);
  }
}

/** @param {{number: string, text: string}} one @param {string} clientId */
function numberRow(one, clientId) {
  return el("div", {}, el("dt", {}, t("number")), el("dd", {}, numberButton(one.number, one.text, { client_id: clientId })));
}

/** A number that one may press to call it; plain text where nobody can call from here. @param {string} number @param {string} text @param {any} [about] */
export function numberButton(number, text, about = {}) {
  if (!number) return outside(text || t("hidden_number"), "span", { class: "number" });
  if (!declared().can.dial) return outside(text || number, "span", { class: "number" });
  return el("button", { type: "button", class: "number-button number", title: t("call_it"), "aria-label": t("call_back", { number: text || number }), onclick: () => dial(number, about) },
    icon("phone"), outside(text || number));
}
