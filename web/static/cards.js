// The recent cards of the site, as a table.
// @ts-check
import { ask, why } from "./api.js";
import { whyButton } from "./choice_view.js";
import { loadDeclared, outcome, queueTitle } from "./declared.js";
import { byId, el, outside } from "./dom.js";
import { clock, dayAndTime, zone } from "./format.js";
import { signedIn } from "./frame.js";
import { t } from "./texts.js";

/** @type {string | null} */
let next = null;
await signedIn();
await loadDeclared();
byId("zone").textContent = t("times_in", { zone: zone() });
byId("refresh").addEventListener("click", () => load(true));
byId("more").addEventListener("click", () => load(false));
await load(true);

/** @param {boolean} afresh */
async function load(afresh) {
  byId("problem").textContent = "";
  try {
    const page = await ask("GET", `/api/cards?limit=50${!afresh && next ? `&before=${encodeURIComponent(next)}` : ""}`);
    if (afresh) byId("rows").replaceChildren();
    byId("rows").append(...page.cards.map(row));
    next = page.next;
    byId("more").hidden = !next;
    byId("none").hidden = byId("rows").childElementCount > 0;
  } catch (error) {
    byId("problem").textContent = t("failed", { why: why(error) });
  }
}

/** @param {any} card */
function row(card) {
  const cells = [
    el("td", { class: "nowrap" }, dayAndTime(card.started_at)),
    el("td", {}, outside(card.client_name || card.number_text || t("hidden_number")), el("br"),
      card.client_name ? el("span", { class: "quiet nowrap" }, outside(card.number_text)) : ""),
    el("td", {}, t(card.direction)),
    el("td", {}, outside(card.queues.map(queueTitle).join(", "))),
    el("td", {}, outside(card.operator ?? ""), ...whyButton(card)),
    el("td", { class: "number" }, card.wait_s === null ? "" : clock(card.wait_s)),
    el("td", { class: "number" }, talk(card)),
    el("td", {}, card.disposition ? outside(outcome(card.disposition)) : ""),
    el("td", { class: "notes-cell" }, outside(card.notes)),
  ];
  return el("tr", {}, ...cells);
}

/** @param {any} card */
function talk(card) {
  if (!card.ended_at) return t("cards_running");
  return card.talk_s === null ? "—" : clock(card.talk_s);
}
