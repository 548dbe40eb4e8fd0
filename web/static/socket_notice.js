// What calls for attention when nobody looks: a desktop notification of every call that rings, and the sound of it.
//
//   const notice = new Notice(line, { words: (pop) => ({ title, body }), chosen: (cardId) => … });
//   notice.update(pops);          // after each draw, with all pops: shows and rings for what rings, falls silent for the rest
//   Notice.state()                // "granted", "denied", "default" (may be asked for), "none" (plain http, or an old browser)
//   Notice.ask()                  // only from a press of a button
// Only the leading tab does either. A notification goes when the call is answered or over; a click brings the tab to the front.
// @ts-check
import { Bell } from "./socket_bell.js";

/** @typedef {import("./pops.js").Pop} Pop */

export class Notice {
  #shown = /** @type {Map<string, Notification>} */ (new Map());
  #pops = /** @type {Pop[]} */ ([]);
  #bell = new Bell();

  /**
   * @param {{leads: boolean, watched: boolean, noticed: (popId: string) => void}} line
   * @param {{words: (pop: Pop) => {title: string, body: string}, chosen: (cardId: string) => void}} hooks
   */
  constructor(line, hooks) {
    this.line = line;
    this.hooks = hooks;
    addEventListener("focus", () => this.#closeAll());
    addEventListener("pagehide", () => this.#closeAll());
  }

  /** @returns {"granted" | "denied" | "default" | "none"} */
  static state() {
    return "Notification" in globalThis && isSecureContext ? Notification.permission : "none";
  }

  /** @returns {Promise<"granted" | "denied" | "default" | "none">} */
  static async ask() {
    if (Notice.state() === "default") await Notification.requestPermission();
    return Notice.state();
  }

  /** @param {Iterable<Pop>} [pops] left out: the leading tab is another now */
  update(pops = this.#pops) {
    this.#pops = [...pops];
    const ringing = this.line.leads ? this.#pops.filter((pop) => pop.state === "ringing" && pop.direction !== "outbound") : [];
    const ids = new Set(ringing.map((pop) => pop.pop_id));
    for (const popId of this.#shown.keys()) if (!ids.has(popId)) this.#close(popId);
    for (const pop of ringing) this.#show(pop);
    this.#bell.ring(ringing.length > 0);
  }

  /** @param {Pop} pop */
  #show(pop) {
    if (this.#shown.has(pop.pop_id) || this.line.watched || Notice.state() !== "granted") return;
    const { title, body } = this.hooks.words(pop);
    const shown = new Notification(title, { body, tag: pop.pop_id, icon: "/static/icon.svg", requireInteraction: true, silent: true });
    this.#shown.set(pop.pop_id, shown);
    shown.onshow = () => this.line.noticed(pop.pop_id);
    shown.onclick = () => {
      focus();
      this.hooks.chosen(pop.card_id);
      this.#close(pop.pop_id);
    };
  }

  /** @param {string} popId */
  #close(popId) {
    this.#shown.get(popId)?.close();
    this.#shown.delete(popId);
  }

  #closeAll() {
    for (const popId of [...this.#shown.keys()]) this.#close(popId);
  }
}
