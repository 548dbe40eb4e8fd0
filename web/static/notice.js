// One line at the foot of the page that says what came of the last act, and goes by itself.
// @ts-check
import { why } from "./api.js";
import { byId } from "./dom.js";
import { t } from "./texts.js";

const STAYS_MS = 6_000;
let timer = 0;

/** @param {string} text @param {"plain" | "bad"} [kind] */
export function tell(text, kind = "plain") {
  const line = byId("notice");
  line.textContent = text;
  line.className = `notice notice-${kind}`;
  clearTimeout(timer);
  timer = setTimeout(() => (line.textContent = ""), kind === "bad" ? 2 * STAYS_MS : STAYS_MS);
}

/** @param {unknown} error */
export function tellFailure(error) {
  tell(t("failed", { why: why(error) }), "bad");
}
