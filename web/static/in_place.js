// A value that becomes a field when one presses it: Enter keeps, Esc gives up. For the details of a client.
// @ts-check
import { why } from "./api.js";
import { el, outside } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

let made = 0;

/**
 * @param {string} label
 * @param {{value: string, kind?: "text" | "number" | "date" | "choice" | "long", choices?: string[], most?: number, className?: string,
 *   save: (value: string) => Promise<unknown>}} how `save` rejects where the server refuses; afterwards whoever made this draws anew
 */
export function inPlace(label, how) {
  const id = `in-place-${++made}`;
  const place = el("dd", {});
  const show = (focus = false) => {
    const text = how.value ? outside(how.value, "span") : el("span", { class: "quiet" }, t("nothing_there"));
    const button = el("button", { type: "button", class: "in-place", "aria-label": t("change_it", { what: label, value: how.value || t("nothing_there") }), onclick: edit }, text, icon("edit"));
    place.replaceChildren(button);
    if (focus) button.focus();
  };
  const edit = () => {
    const field = input(how, id, label);
    const problem = el("p", { class: "problem", role: "alert" });
    const save = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        await how.save(field.value.trim());
        how.value = field.value.trim();
        show(true);
      } catch (error) {
        problem.textContent = t("failed", { why: why(error) });
      }
    };
    const form = el("form", { class: "in-place-form", onsubmit: save }, field,
      el("button", { class: "small-button", "aria-label": t("save_it"), title: t("save_it") }, icon("check")),
      el("button", { type: "button", class: "small-button", "aria-label": t("cancel"), title: t("cancel"), onclick: () => show(true) }, icon("close")), problem);
    form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      show(true);
    });
    place.replaceChildren(form);
    field.focus();
    field.select?.();
  };
  show();
  return el("div", { class: how.className ?? "" }, el("dt", {}, label), place);
}

/** @param {any} how @param {string} id @param {string} label */
function input(how, id, label) {
  const plain = { id, "aria-label": label, maxlength: how.most ?? 500 };
  if (how.kind === "choice") {
    const choices = ["", ...how.choices].map((one) => el("option", { value: one }, one || "—"));
    const select = el("select", { id, "aria-label": label }, ...choices);
    select.value = how.value;
    return select;
  }
  if (how.kind === "long") {
    const area = el("textarea", { ...plain, rows: 3 });
    area.value = how.value;
    return area;
  }
  return el("input", { ...plain, type: how.kind === "date" ? "date" : "text", inputmode: how.kind === "number" ? "decimal" : null, value: how.value });
}
