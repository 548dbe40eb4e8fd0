// The plan as the server has it, and what is changed on this page and not saved yet. Knows no element.
// @ts-check
import { ApiError, ask, path, why } from "./api.js";

/**
 * @typedef {"skills" | "hours" | "queues" | "people" | "forced"} Kind
 * @typedef {{kind: Kind, name: string, value: any}} Entry `value` null: what the file says
 * @typedef {{queue: string, severity: "nobody" | "relaxed", from: string, to: string, requirement: string}} Hole
 */

/** In this order, so that what others name is there before them. @type {Kind[]} */
export const KINDS = ["skills", "hours", "queues", "people", "forced"];

export class Draft {
  /** @type {any} */ plan = null;
  /** @type {Map<string, Entry>} */ #entries = new Map();
  #listeners = /** @type {(() => void)[]} */ ([]);
  /** What the person has seen: the whole plan at a version, and entries that they saved themselves since. */
  #seen = 0;
  /** @type {Map<string, number>} */ #own = new Map();

  /** @param {() => void} listener after every change of what is not saved */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  async load() {
    this.plan = await ask("GET", "/api/plan");
    if (this.size) return; // what others changed meanwhile hasn't been seen where something is being written
    this.#seen = this.plan.version;
    this.#own.clear();
  }

  get size() {
    return this.#entries.size;
  }

  /** @param {Kind} kind */
  may(kind) {
    return this.plan.may.includes(kind);
  }

  /** All names of a kind, those not saved yet too, in order. @param {Kind} kind */
  names(kind) {
    const fresh = [...this.#entries.values()].filter((one) => one.kind === kind && one.value).map((one) => one.name);
    return [...new Set([...Object.keys(this.plan[kind]), ...fresh])].sort((a, b) => a.localeCompare(b));
  }

  /** The entry as it is on this page; what goes back to the file is still shown as it was. @param {Kind} kind @param {string} name */
  value(kind, name) {
    return this.#entries.get(`${kind}/${name}`)?.value ?? this.plan[kind][name];
  }

  /** @param {Kind} kind @param {string} name */
  isChanged(kind, name) {
    return this.#entries.has(`${kind}/${name}`);
  }

  /** @param {Kind} kind @param {string} name @param {any} value null: what the file says */
  set(kind, name, value) {
    const key = `${kind}/${name}`;
    if (value && same(value, this.plan[kind][name])) this.#entries.delete(key);
    else this.#entries.set(key, { kind, name, value });
    this.#tell();
  }

  /** Change some keys of an entry. @param {Kind} kind @param {string} name @param {Record<string, any>} some */
  patch(kind, name, some) {
    this.set(kind, name, { ...this.value(kind, name), ...some });
  }

  discard() {
    this.#entries.clear();
    this.#tell();
  }

  /** @param {Entry} entry */
  forget(entry) {
    this.#entries.delete(`${entry.kind}/${entry.name}`);
    this.#tell();
  }

  /** What would come of it: the holes, and what can't be. @returns {Promise<{holes: Hole[], problems: string[]}>} */
  async check() {
    const holes = [], problems = [];
    for (const entry of this.#ordered()) {
      try {
        holes.push(...(await ask("POST", "/api/plan/check", entry)).holes_opened);
      } catch (error) {
        problems.push(why(error));
      }
    }
    return { holes, problems };
  }

  /**
   * One after another; the first that is refused stays, with those after it. Afterwards the plan is the server's.
   * @param {{acceptHoles?: boolean, over?: number}} [how] `over`: the version that the person has seen now @returns {Promise<{refused: Entry, error: ApiError} | null>}
   */
  async save({ acceptHoles = false, over = 0 } = {}) {
    try {
      for (const { kind, name, value } of this.#ordered()) {
        const key = `${kind}/${name}`;
        const version = Math.max(this.#seen, this.#own.get(key) ?? 0, over);
        try {
          const told = await ask("PUT", path`/api/plan/${kind}/${name}`, { value, version, accept_holes: acceptHoles });
          this.#own.set(key, told.version);
        } catch (error) {
          if (error instanceof ApiError) return { refused: { kind, name, value }, error };
          throw error;
        }
        this.#entries.delete(key);
      }
    } finally {
      await this.load();
      this.#tell();
    }
    return null;
  }

  #ordered() {
    return [...this.#entries.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** Equal as JSON, whatever the order of keys; an absent key and one that is empty are the same. @param {any} one @param {any} two @returns {boolean} */
export function same(one, two) {
  if (one === two) return true;
  if (!one || !two || typeof one !== "object" || typeof two !== "object") return (one ?? "") === (two ?? "");
  return [...new Set([...Object.keys(one), ...Object.keys(two)])].every((key) => same(one[key], two[key]));
}
