// People of the plan: a matrix of skills and queues that is filled in by keyboard, and beside it one person's site, shifts, breaks.
// @ts-check
import { el, outside } from "./dom.js";
import { form } from "./plan_form.js";
import { Grid } from "./plan_grid.js";
import { currentLanguage, t } from "./texts.js";

const EMPTY = { site: "", skills: {}, queues: [], shifts: [], breaks: [] };

export class People {
  /** @type {string | null} */ #open = null;
  #sought = "";

  /** @param {import("./plan_draft.js").Draft} draft */
  constructor(draft) {
    this.draft = draft;
    this.search = el("input", { type: "search", class: "plan-search", "aria-label": t("plan_find_person"), placeholder: t("plan_find_person"), oninput: () => {
      this.#sought = this.search.value.trim().toLowerCase();
      this.grid.draw(this.#rows());
    } });
    this.grid = new Grid({
      label: t("plan_people"),
      columns: this.#columns(),
      rows: this.#rows(),
      get: (login, column) => this.#get(login, column),
      set: (login, column, value) => this.#set(login, column, value),
      isChanged: (login) => draft.isChanged("people", login),
      locked: (login) => this.#locked(login),
      open: (login) => this.#show(login, true),
      say: (row, column, value) => t("plan_cell", { who: row.label, what: column.label, value: column.most === 1 ? t(value ? "plan_yes" : "plan_no") : String(value) }),
    });
    this.details = el("section", { class: "plan-details", id: "person", "aria-live": "off" });
    this.root = el("div", {},
      el("div", { class: "plan-tools" }, this.search, this.#adder()),
      el("p", { class: "hint" }, t("plan_grid_keys")),
      el("div", { class: "people-split" }, this.grid.root, this.details));
    this.#show(this.#open);
  }

  /** What was changed elsewhere on the page is drawn. */
  refresh() {
    this.grid.draw(this.#rows());
    this.#show(this.#open);
  }

  #columns() {
    const skill = (/** @type {string} */ name) => ({ key: name, label: this.#skill(name), group: t("plan_skills"), most: 5 });
    const queue = (/** @type {string} */ name) => ({ key: name, label: name, group: t("plan_queues"), most: 1 });
    return [...this.draft.names("skills").map(skill), ...this.draft.names("queues").map(queue)];
  }

  /** @param {string} name */
  #skill(name) {
    return this.draft.value("skills", name)?.[currentLanguage()] ?? name;
  }

  #rows() {
    const { names, site } = this.draft.plan;
    return this.draft.names("people").map((login) => {
      const away = this.draft.value("people", login)?.site;
      return { key: login, label: names[login] ?? login, hint: [names[login] ? login : "", away && away !== site ? away : ""].filter(Boolean).join(" · ") };
    }).filter((row) => `${row.label} ${row.key}`.toLowerCase().includes(this.#sought));
  }

  /** @param {string} login */
  #value(login) {
    return this.draft.value("people", login) ?? EMPTY;
  }

  /** People of other sites are the administrators'. @param {string} login */
  #locked(login) {
    const { site } = this.#value(login);
    return !this.draft.may("people") || (site && site !== this.draft.plan.site && !this.draft.may("hours"));
  }

  /** @param {string} login @param {import("./plan_grid.js").Column} column */
  #get(login, column) {
    const person = this.#value(login);
    return column.most === 1 ? Number(person.queues.includes(column.key)) : (person.skills[column.key] ?? 0);
  }

  /** @param {string} login @param {import("./plan_grid.js").Column} column @param {number} value */
  #set(login, column, value) {
    const person = this.#value(login);
    if (column.most === 1) {
      const others = person.queues.filter((/** @type {string} */ queue) => queue !== column.key);
      this.draft.patch("people", login, { queues: value ? [...others, column.key] : others });
      return;
    }
    const { [column.key]: _before, ...others } = person.skills;
    this.draft.patch("people", login, { skills: value ? { ...others, [column.key]: value } : others });
  }

  /** @param {string | null} login */
  #show(login, focus = false) {
    this.#open = login;
    if (!login) return this.details.replaceChildren(el("p", { class: "quiet" }, t("plan_choose_person")));
    const { draft } = this, locked = Boolean(this.#locked(login));
    const hours = /** @type {[string, string][]} */ (draft.names("hours").map((name) => [name, name]));
    const sites = /** @type {[string, string][]} */ (Object.keys(draft.plan.sites).map((name) => [name === draft.plan.site ? "" : name, name]));
    const title = el("h2", { tabindex: -1 }, outside(draft.plan.names[login] ?? login));
    this.details.replaceChildren(title,
      form([
        ...(sites.length > 1 && draft.may("hours") ? [{ key: "site", label: t("plan_site"), kind: /** @type {const} */ ("choice"), choices: sites, empty: "" }] : []),
        { key: "shifts", label: t("plan_shifts"), kind: "many", choices: hours },
        { key: "breaks", label: t("plan_breaks"), kind: "many", choices: hours },
      ], this.#value(login), locked, (some) => draft.patch("people", login, some)),
      provenance(draft, "people", login, locked));
    if (focus) {
      title.focus({ preventScroll: true });
      this.details.scrollIntoView({ block: "nearest" });
    }
  }

  #adder() {
    if (!this.draft.may("people")) return "";
    const list = Object.keys(this.draft.plan.names).filter((login) => !this.draft.value("people", login));
    const known = el("datalist", { id: "plan-logins" }, ...list.map((login) => el("option", { value: login }, this.draft.plan.names[login])));
    const input = el("input", { list: "plan-logins", "aria-label": t("plan_add_person"), placeholder: t("plan_add_person"), maxlength: 80, autocomplete: "off" });
    return el("form", { class: "chooser-add", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const login = input.value.trim().toLowerCase();
      if (!login || this.draft.value("people", login)) return;
      this.draft.set("people", login, EMPTY);
      input.value = "";
      this.grid.draw(this.#rows());
      this.#show(login, true);
    } }, input, known, el("button", { class: "small" }, t("plan_add")));
  }
}

/** Who changed an entry, and the way back to the file. @param {import("./plan_draft.js").Draft} draft @param {import("./plan_draft.js").Kind} kind @param {string} name @param {boolean} locked */
export function provenance(draft, kind, name, locked) {
  const changed = draft.plan.changed[kind]?.[name];
  if (draft.isChanged(kind, name)) return el("p", { class: "hint" }, t("plan_not_saved_yet"));
  if (!changed) return el("p", { class: "hint" }, t("plan_from_file"));
  const back = locked ? "" : el("button", { type: "button", class: "small", onclick: () => draft.set(kind, name, null) }, t("plan_back_to_file"));
  return el("p", { class: "hint" }, outside(t("plan_changed_by", { by: changed.by, at: new Date(changed.at).toLocaleString() })), " ", back);
}

