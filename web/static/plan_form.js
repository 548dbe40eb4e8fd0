// Fields of one entry of the plan. A field writes its key back into the draft as it is typed; wrong numbers are left to the server.
// @ts-check
import { el } from "./dom.js";
import { t } from "./texts.js";

/**
 * @typedef {{key: string, label: string, hint?: string, kind: "text" | "number" | "lines" | "choice" | "many", choices?: [string, string][], wide?: boolean, empty?: any}} Field
 *   `empty`: what an empty field means (default null)
 */

let made = 0;

/** @param {Field[]} fields @param {any} value @param {boolean} locked @param {(some: Record<string, any>) => void} patch */
export function form(fields, value, locked, patch) {
  return el("div", { class: "plan-form" }, ...fields.map((field) => one(field, value[field.key], locked, (/** @type {any} */ next) => patch({ [field.key]: next }))));
}

/** @param {Field} field @param {any} value @param {boolean} locked @param {(next: any) => void} put */
function one(field, value, locked, put) {
  const id = `plan-field-${++made}`;
  if (field.kind === "many") return many(field, value ?? [], locked, put);
  const hint = field.hint ? el("p", { class: "hint", id: `${id}-hint` }, field.hint) : "";
  const input = control(field, value, put, { id, disabled: locked, "aria-describedby": field.hint ? `${id}-hint` : null });
  return el("div", { class: field.wide ? "plan-field is-wide" : "plan-field" }, el("label", { for: id }, field.label), input, hint);
}

/** @param {Field} field @param {any} value @param {(next: any) => void} put @param {Record<string, any>} attributes */
function control(field, value, put, attributes) {
  const empty = field.empty === undefined ? null : field.empty;
  if (field.kind === "choice") {
    const choices = field.choices ?? [];
    const select = el("select", { ...attributes, onchange: () => put(select.value || empty) }, ...choices.map(([code, words]) => el("option", { value: code }, words)));
    select.value = value ?? "";
    return select;
  }
  if (field.kind === "lines") {
    const lines = () => area.value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean);
    const area = el("textarea", { ...attributes, rows: Math.max(2, (value ?? []).length + 1), spellcheck: "false", oninput: () => put(lines()) });
    area.value = (value ?? []).join("\n");
    return area;
  }
  const number = field.kind === "number";
  const read = () => (input.value.trim() === "" ? empty : number && !Number.isNaN(Number(input.value)) ? Number(input.value) : input.value.trim());
  const input = el("input", { ...attributes, value: value ?? "", inputmode: number ? "decimal" : null, autocomplete: "off", spellcheck: "false", oninput: () => put(read()) });
  return input;
}

/** @param {Field} field @param {string[]} value @param {boolean} locked @param {(next: string[]) => void} put */
function many(field, value, locked, put) {
  const chosen = new Set(value);
  const boxes = (field.choices ?? []).map(([code, words]) => {
    const id = `plan-field-${++made}`;
    const box = el("input", { type: "checkbox", id, checked: chosen.has(code), disabled: locked, onchange: () => {
      if (box.checked) chosen.add(code);
      else chosen.delete(code);
      put([...chosen]);
    } });
    return el("span", { class: "plan-box" }, box, el("label", { for: id }, words));
  });
  return el("fieldset", { class: "plan-field is-wide plan-many" }, el("legend", {}, field.label), ...(boxes.length ? boxes : [el("span", { class: "quiet" }, t("nothing_there"))]));
}

/** A list of names to choose from, and a field for one more. @param {{names: string[], chosen: string | null, title: (name: string) => string, isChanged: (name: string) => boolean, choose: (name: string) => void, add?: (name: string) => void, label: string}} of */
export function chooser(of) {
  const items = of.names.map((name) => el("li", {}, el("button", { type: "button", class: `chooser-item${of.isChanged(name) ? " is-changed" : ""}`, "aria-current": name === of.chosen ? "true" : null, onclick: () => of.choose(name) }, of.title(name))));
  const input = el("input", { class: "chooser-new", "aria-label": t("plan_new_name"), placeholder: t("plan_new_name"), maxlength: 80, autocomplete: "off" });
  const add = of.add ? el("form", { class: "chooser-add", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value.trim()) of.add?.(input.value.trim());
  } }, input, el("button", { class: "small" }, t("plan_add"))) : "";
  return el("nav", { class: "chooser", "aria-label": of.label }, el("ul", {}, ...items), add);
}
