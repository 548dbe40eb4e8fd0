// What the administrator has declared for the desk: outcomes, pause reasons, fields, queues, the CRM. Asked for once a page.
// @ts-check
import { ApiError, ask, isAbsent } from "./api.js";
import { currentLanguage, knownOutcome } from "./texts.js";

/**
 * @typedef {{code: string, en: string, ru: string}} Choice
 * @typedef {{site: {name: string, timezone: string, region: string}, dispositions: (Choice & {queues: string[]})[],
 *   pause_reasons: (Choice & {paid: boolean, productive: boolean, limit_s: number})[],
 *   fields: (Choice & {kind: "text" | "number" | "date" | "choice", choices: string[]})[], checks: Choice[],
 *   queues: {name: string, title: string, wrap_up: string, wrap_up_s: number, extensions: number, extension_s: number}[],
 *   transfer_queues?: string[], crm: {url: string, on: "ring" | "answer" | "button", title: string} | null,
 *   can: {dial: boolean, transfer: boolean, park: boolean, record: boolean, mute: boolean}}} Declared
 */

/** @type {Declared} Where the server doesn't say: what works everywhere, and nothing more. */
let desk = {
  site: { name: "", timezone: "UTC", region: "" },
  dispositions: [],
  pause_reasons: [],
  fields: [],
  checks: [],
  queues: [],
  transfer_queues: [],
  crm: null,
  can: { dial: true, transfer: false, park: false, record: false, mute: false },
};

/** Ask until somebody answers. */
export async function loadDeclared() {
  for (;;) {
    try {
      desk = await ask("GET", "/api/desk");
      return;
    } catch (error) {
      if (isAbsent(error) || (error instanceof ApiError && [401, 403].includes(error.status))) return;
      await new Promise((resolve) => setTimeout(resolve, 2_000 + Math.random() * 2_000));
    }
  }
}

export function declared() {
  return desk;
}

/** @param {Choice} choice */
export function said(choice) {
  return choice[currentLanguage()] || choice.en || choice.code;
}

/** An outcome in words; one that nobody declares any more is shown as it is. @param {string} code */
export function outcome(code) {
  const found = desk.dispositions.find((one) => one.code === code);
  return found ? said(found) : knownOutcome(code);
}

/** The outcomes of a conversation in this queue. @param {string | null} queue */
export function outcomesOf(queue) {
  return desk.dispositions.filter((one) => !one.queues.length || (queue !== null && one.queues.includes(queue)));
}

/** As people call the queue. @param {string} name */
export function queueTitle(name) {
  return desk.queues.find((one) => one.name === name)?.title || name;
}

/** @param {string | null} code */
export function pauseReason(code) {
  const found = desk.pause_reasons.find((one) => one.code === code);
  return found ? said(found) : code ?? "";
}
