// My own state in the top bar: since when, what I can change it to, and the countdown of the wrap-up.
// @ts-check
import { ask, isAbsent } from "./api.js";
import { declared, pauseReason, said } from "./declared.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { Menu } from "./menu.js";
import { tellFailure } from "./notice.js";
import { t } from "./texts.js";
import { countdown, counter } from "./view.js";

/** @typedef {import("./pops.js").Status} Status */

/** A state in words; a pause with its reason. @param {Status} status */
export function stateText(status) {
  if (status.state === "paused" && status.reason) return pauseReason(status.reason);
  if (status.reason && ["busy", "wrap_up", "offered"].includes(status.state)) return t("state_then", { now: t(/** @type {any} */ (`state_${status.state}`)), then: pauseReason(status.reason) });
  return t(/** @type {any} */ (`state_${status.state}`));
}

export class MyState {
  #shown = "";
  /** @type {Status | null} */ #status = null;

  /** @param {(status: Status) => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.button = byId("my-state");
    this.wrap = byId("wrap-up");
    this.menu = new Menu(this.button, () => this.#entries());
    this.more = el("button", { type: "button", class: "small", id: "extend", onclick: () => this.extend() });
    this.finish = el("button", { type: "button", class: "small primary", id: "finish", onclick: () => this.finishWrapUp() }, t("wrap_up_finish"));
  }

  /** Ask for it where the socket doesn't tell. */
  async load() {
    try {
      this.changed(await ask("GET", "/api/agent"));
    } catch (error) {
      if (!isAbsent(error)) setTimeout(() => this.#status || this.load(), 5_000);
    }
  }

  open() {
    if (!this.button.hidden) this.menu.open();
  }

  get wrapsUp() {
    return this.#status?.state === "wrap_up";
  }

  /** The card whose wrap-up this is, or null. */
  get wrapUpCard() {
    return this.wrapsUp ? this.#status?.card_id ?? null : null;
  }

  /** @param {Status | null} status */
  draw(status) {
    this.#status = status;
    const shown = JSON.stringify(status);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.button.hidden = !status;
    this.wrap.hidden = status?.state !== "wrap_up";
    if (!status) return;
    this.button.className = `state-button state-${status.state}`;
    this.button.replaceChildren(el("span", { class: `dot dot-${status.state}` }), el("span", { class: "state-word" }, stateText(status)), counter(status.since, null, { "aria-hidden": "true" }), icon("down"));
    if (status.state !== "wrap_up") return;
    const queueMore = declared().queues.find((one) => one.extension_s)?.extension_s ?? 60;
    this.more.textContent = t("wrap_up_extend", { seconds: String(queueMore) });
    this.more.hidden = !status.until || status.extensions_left < 1;
    this.wrap.replaceChildren(status.until ? el("span", { class: "quiet wrap-left" }, countdown(status.until)) : "", this.more, this.finish);
  }

  /** @returns {import("./menu.js").Entry[]} */
  #entries() {
    const now = this.#status;
    const reasons = declared().pause_reasons.map((one, n) => ({
      text: said(one), key: n < 9 ? String(n + 1) : undefined, mark: "paused", checked: now?.state === "paused" && now.reason === one.code,
      act: () => this.#become({ state: "paused", reason: one.code }),
    }));
    return [{ text: t("state_ready"), key: "R", mark: "ready", checked: now?.state === "ready", act: () => this.#become({ state: "ready" }) }, ...reasons];
  }

  /** @param {{state: string, reason?: string}} wanted */
  async #become(wanted) {
    await this.#ask("/api/agent/state", wanted);
  }

  /** @returns {Promise<boolean>} */
  async finishWrapUp() {
    return this.#ask("/api/agent/wrap-up", { action: "finish" });
  }

  async extend() {
    if (this.wrapsUp) await this.#ask("/api/agent/wrap-up", { action: "extend" });
  }

  /** @param {string} path @param {unknown} body */
  async #ask(path, body) {
    try {
      this.changed(await ask("POST", path, body));
      return true;
    } catch (error) {
      tellFailure(error);
      return false;
    }
  }
}
