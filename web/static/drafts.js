// What the operator typed: kept in this browser at every key, sent a moment later, kept until the server has it.
// @ts-check
import { ApiError, ask } from "./api.js";

const PAUSE_MS = 700;
const RETRY_MS = 3_000;
const LONGEST_RETRY_MS = 60_000;

/** @typedef {{notes: string, disposition: string | null, next_contact_at: string | null, next_contact_text: string}} Typed */

export class Drafts {
  #prefix;
  /** @type {Map<string, number>} */ #timers = new Map();
  /** @type {Map<string, number>} */ #failures = new Map();
  /** @type {Set<string>} */ #sending = new Set();

  /** @param {string} userId @param {(cardId: string, state: "saving" | "saved" | "kept" | "refused", why?: any) => void} told */
  constructor(userId, told) {
    this.#prefix = `meridian.draft.${userId}.`;
    this.told = told;
  }

  /** @param {string} cardId @returns {Typed | null} */
  of(cardId) {
    const text = localStorage.getItem(this.#prefix + cardId);
    return text ? JSON.parse(text) : null;
  }

  /** Called at every key. @param {string} cardId @param {Typed} typed */
  keep(cardId, typed) {
    localStorage.setItem(this.#prefix + cardId, JSON.stringify(typed));
    this.#later(cardId, PAUSE_MS);
  }

  /** Everything that the server doesn't have yet: after a reload, a lost line, a database that came back. */
  sendAll() {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.#prefix)) this.#later(key.slice(this.#prefix.length), 0);
    }
  }

  /** @param {string} cardId @param {number} wait */
  #later(cardId, wait) {
    clearTimeout(this.#timers.get(cardId));
    this.#timers.set(cardId, setTimeout(() => this.#send(cardId), wait));
  }

  /** @param {string} cardId */
  async #send(cardId) {
    const key = this.#prefix + cardId;
    const text = localStorage.getItem(key);
    if (!text) return;
    if (this.#sending.has(cardId)) return this.#later(cardId, PAUSE_MS);
    this.#sending.add(cardId);
    this.told(cardId, "saving");
    try {
      await ask("PUT", `/api/cards/${encodeURIComponent(cardId)}/notes`, JSON.parse(text));
      if (localStorage.getItem(key) === text) {
        localStorage.removeItem(key);
        this.#failures.delete(cardId);
        this.told(cardId, "saved");
      }
    } catch (error) {
      this.#failed(cardId, error);
    } finally {
      this.#sending.delete(cardId);
    }
  }

  /** @param {string} cardId @param {unknown} error */
  #failed(cardId, error) {
    const final = error instanceof ApiError && [400, 403, 413, 422].includes(error.status);
    this.told(cardId, final ? "refused" : "kept", error);
    const failures = (this.#failures.get(cardId) ?? 0) + 1;
    this.#failures.set(cardId, failures);
    if (!final) this.#later(cardId, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failures - 1)));
  }
}
