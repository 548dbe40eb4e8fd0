// What the operator typed: kept in this browser at every key, sent a moment later, kept until the server has it.
// @ts-check
import { ApiError, ask, path } from "./api.js";

const PAUSE_MS = 700;
const RETRY_MS = 3_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * `base`: when the card was last edited as far as the typist saw (null: never); `conflict`: what somebody else wrote meanwhile.
 * @typedef {{notes: string, disposition: string | null, base: string | null, conflict?: Theirs}} Typed
 * @typedef {{notes: string, edited_by: string, edited_at: string}} Theirs
 * @typedef {"saving" | "saved" | "journal" | "kept" | "refused" | "conflict"} SaveState
 */

export class Drafts {
  #prefix;
  /** @type {Map<string, number>} */ #timers = new Map();
  /** @type {Map<string, number>} */ #failures = new Map();
  /** @type {Map<string, Promise<void>>} */ #sending = new Map();

  /** @param {string} userId @param {(cardId: string, state: SaveState, about?: any) => void} told */
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
    if (!typed.conflict) this.#later(cardId, PAUSE_MS);
  }

  /** Everything that the server doesn't have yet: after a reload, a lost line, a database that came back. */
  sendAll() {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.#prefix)) this.#later(key.slice(this.#prefix.length), 0);
    }
  }

  /** Send now what is typed on this card; done when the server has answered. @param {string} cardId */
  async flush(cardId) {
    clearTimeout(this.#timers.get(cardId));
    await this.#sending.get(cardId);
    await this.#send(cardId);
  }

  /** @param {string} cardId @param {number} wait */
  #later(cardId, wait) {
    clearTimeout(this.#timers.get(cardId));
    this.#timers.set(cardId, setTimeout(() => this.#send(cardId), wait));
  }

  /** One at a time for each card: what is typed meanwhile goes after it. @param {string} cardId */
  #send(cardId) {
    if (this.#sending.has(cardId)) return this.#later(cardId, PAUSE_MS);
    const sent = this.#put(cardId).finally(() => this.#sending.delete(cardId));
    this.#sending.set(cardId, sent);
    return sent;
  }

  /** @param {string} cardId */
  async #put(cardId) {
    const key = this.#prefix + cardId;
    const text = localStorage.getItem(key);
    if (!text) return;
    const { notes, disposition, base, conflict } = /** @type {Typed} */ (JSON.parse(text));
    if (conflict) return this.told(cardId, "conflict", conflict);
    this.told(cardId, "saving");
    try {
      const kept = await ask("PUT", path`/api/cards/${cardId}/notes`, { notes, disposition, base });
      this.#failures.delete(cardId);
      this.#kept(cardId, text, kept);
    } catch (error) {
      this.#failed(cardId, error);
    }
  }

  /** `stored` false: the server has it for good, though not yet where others would see it. @param {string} cardId @param {string} sent @param {{stored: boolean, edited_at: string}} answer */
  #kept(cardId, sent, { stored, edited_at }) {
    const now = localStorage.getItem(this.#prefix + cardId);
    if (now === sent) localStorage.removeItem(this.#prefix + cardId);
    else if (now) this.keep(cardId, { ...JSON.parse(now), base: edited_at });
    this.told(cardId, stored ? "saved" : "journal", edited_at);
  }

  /** @param {string} cardId @param {unknown} error */
  #failed(cardId, error) {
    if (error instanceof ApiError && error.status === 409) return this.#conflict(cardId, error.body);
    const final = error instanceof ApiError && [400, 403, 404, 413, 422].includes(error.status);
    this.told(cardId, final ? "refused" : "kept", error);
    const failures = (this.#failures.get(cardId) ?? 0) + 1;
    this.#failures.set(cardId, failures);
    if (!final) this.#later(cardId, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failures - 1)));
  }

  /** Both texts are kept until the operator has said which one holds. @param {string} cardId @param {Theirs} theirs */
  #conflict(cardId, theirs) {
    const { notes, edited_by, edited_at } = theirs;
    const draft = this.of(cardId);
    if (draft) this.keep(cardId, { ...draft, conflict: { notes, edited_by, edited_at } });
    this.told(cardId, "conflict", { notes, edited_by, edited_at });
  }
}
