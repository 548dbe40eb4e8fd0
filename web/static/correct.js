// A correction of an earlier conversation: its note is typed anew, and who wrote what before stays to be seen.
// @ts-check
import { ApiError, ask, path, why } from "./api.js";
import { el, outside } from "./dom.js";
import { dayAndTime } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

/** A button that opens the correction below the line. @param {any} item @param {(notes: string) => void} corrected @returns {Node[]} */
export function correction(item, corrected) {
  const place = el("div", { class: "correct-form" });
  const open = async () => {
    if (place.childElementCount) return place.replaceChildren();
    try {
      const [card, { changes }] = await Promise.all([ask("GET", path`/api/cards/${item.card_id}`), ask("GET", path`/api/cards/${item.card_id}/changes`)]);
      place.replaceChildren(form(card, changes, place, corrected));
      place.querySelector("textarea")?.focus();
    } catch (error) {
      place.replaceChildren(el("p", { class: "problem", role: "alert" }, t("failed", { why: why(error) })));
    }
  };
  const words = `${t("correct")}: ${dayAndTime(item.started_at)}`;
  return [el("button", { type: "button", class: "small-button act-correct", title: t("correct"), "aria-label": words, onclick: open }, icon("edit")), place];
}

/** @param {any} card @param {any[]} changes @param {HTMLElement} place @param {(notes: string) => void} corrected */
function form(card, changes, place, corrected) {
  const area = el("textarea", { rows: 4, maxlength: 10_000, "aria-label": t("notes") });
  area.value = card.notes;
  const problem = el("p", { class: "problem", role: "alert" });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await ask("PUT", path`/api/cards/${card.card_id}/notes`, { notes: area.value, base: card.edited_at });
      corrected(area.value);
      place.replaceChildren();
    } catch (error) {
      const both = error instanceof ApiError && error.status === 409 ? `${t("conflict", { who: error.body.edited_by ?? "", time: "" })} ${error.body.notes}` : "";
      problem.textContent = both || t("failed", { why: why(error) });
    }
  };
  const before = changes.map((one) => el("li", {}, outside(`${dayAndTime(one.at)} · ${one.by} · ${one.field}: ${one.before || "—"} → ${one.after || "—"}`, "span")));
  return el("form", { onsubmit: save }, area, problem,
    el("div", { class: "actions" }, el("button", { class: "primary small" }, t("save_it")), el("button", { type: "button", class: "small", onclick: () => place.replaceChildren() }, t("cancel"))),
    before.length ? el("ul", { class: "changes quiet", "aria-label": t("changes") }, ...before) : "");
}
