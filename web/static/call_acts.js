// What an operator can have done to a call: every act is a question to the server, which may refuse it in words.
// @ts-check
import { ask, path } from "./api.js";
import { tell, tellFailure } from "./notice.js";
import { t } from "./texts.js";

/** @param {string} number @param {{client_id?: string | null, card_id?: string | null}} [about] @returns {Promise<boolean>} */
export async function dial(number, about = {}) {
  const known = Object.fromEntries(Object.entries(about).filter(([, value]) => value));
  return act(() => ask("POST", "/api/calls", { number, ...known }), t("calling_now"));
}

/** @param {string} cardId */
export const hangUp = (cardId) => act(() => ask("DELETE", path`/api/calls/${cardId}`));

/** @param {string} cardId */
export const park = (cardId) => act(() => ask("POST", path`/api/calls/${cardId}/park`), t("parked_now"));

/** @param {string} cardId @param {"start" | "pause" | "resume" | "stop"} action */
export const record = (cardId, action) => act(() => ask("POST", path`/api/calls/${cardId}/recording`, { action }));

/** @param {string} cardId @param {boolean} muted */
export const mute = (cardId, muted) => act(() => ask("POST", path`/api/calls/${cardId}/mute`, { muted }));

/** @param {string} cardId @param {"blind" | "attended"} kind @param {{agent: string} | {queue: string} | {number: string}} to */
export const transfer = (cardId, kind, to) => act(() => ask("POST", path`/api/calls/${cardId}/transfer`, { kind, to }));

/** @param {string} cardId */
export const completeTransfer = (cardId) => act(() => ask("POST", path`/api/calls/${cardId}/transfer/complete`), t("transferred_now"));

/** @param {string} cardId */
export const takeBack = (cardId) => act(() => ask("POST", path`/api/calls/${cardId}/transfer/cancel`), t("taken_back"));

/** @param {() => Promise<unknown>} asked @param {string} [done] @returns {Promise<boolean>} */
async function act(asked, done) {
  try {
    await asked();
    if (done) tell(done);
    return true;
  } catch (error) {
    tellFailure(error);
    return false;
  }
}
