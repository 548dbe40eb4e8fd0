// Queues, skills: a list of names and the fields of the one that is chosen.
// @ts-check
import { el, outside } from "./dom.js";
import { chooser, form } from "./plan_form.js";
import { provenance } from "./plan_people.js";
import { hour } from "./plan_time.js";
import { t } from "./texts.js";

/** @typedef {import("./plan_draft.js").Draft} Draft */

const STRATEGIES = ["scarcity", "longest_idle", "best_skill", "least_loaded", "round_robin", "ring_all"];
const WHEN_CLOSED = ["wait", "voicemail", "callback", "overflow"];

export class Entries {
  /** @type {string | null} */ #chosen = null;

  /** @param {Draft} draft @param {"queues" | "skills" | "hours"} kind @param {{title: string, fresh: any, title_of?: (name: string) => string, draw: (name: string, value: any, locked: boolean) => (Node | string)[]}} how */
  constructor(draft, kind, how) {
    this.draft = draft;
    this.kind = kind;
    this.how = how;
    this.root = el("div", { class: "plan-split" });
    this.choose(draft.names(kind)[0] ?? null);
  }

  /** @param {string | null} name */
  choose(name) {
    this.#chosen = name;
    this.refresh();
  }

  refresh() {
    const { draft, kind, how } = this, name = this.#chosen, locked = !draft.may(kind);
    const value = name === null ? null : draft.value(kind, name);
    this.list = chooser({
      label: how.title, names: draft.names(kind), chosen: name, isChanged: (one) => draft.isChanged(kind, one), title: how.title_of ?? ((one) => one), choose: (one) => this.choose(one),
      add: locked ? undefined : (one) => {
        if (!draft.value(kind, one)) draft.set(kind, one, how.fresh);
        this.choose(one);
      },
    });
    const details = name === null || !value ? [el("p", { class: "quiet" }, t("nothing_there"))]
      : [el("h2", {}, outside(name)), ...how.draw(name, value, locked), provenance(draft, kind, name, locked)];
    this.root.replaceChildren(this.list, el("section", { class: "plan-details" }, ...details));
  }
}

/** @param {Draft} draft */
export function skillEntries(draft) {
  const fields = /** @type {import("./plan_form.js").Field[]} */ ([
    { key: "en", label: t("plan_in_english"), kind: "text", empty: "" },
    { key: "ru", label: t("plan_in_russian"), kind: "text", empty: "" },
  ]);
  return new Entries(draft, "skills", {
    title: t("plan_skills"),
    fresh: { en: "", ru: "" },
    draw: (name, value, locked) => [form(fields, value, locked, (some) => draft.patch("skills", name, some)), el("p", { class: "hint" }, t("plan_skill_hint"))],
  });
}

/** @param {Draft} draft */
export function queueEntries(draft) {
  return new Entries(draft, "queues", {
    title: t("plan_queues"),
    fresh: { mode: "acd" },
    draw: (name, value, locked) => [now(draft, name), form(queueFields(draft, name), value, locked, (some) => draft.patch("queues", name, some)), steps(draft, name, value, locked), members(draft, name)],
  });
}

/** @param {Draft} draft @param {string} name @returns {import("./plan_form.js").Field[]} */
function queueFields(draft, name) {
  const closed = /** @type {[string, string][]} */ (WHEN_CLOSED.map((code) => [code, t(/** @type {any} */ (`plan_closed_${code}`))]));
  const hours = /** @type {[string, string][]} */ ([["", t("plan_always_open")], ...draft.names("hours").map((one) => [one, one])]);
  const others = /** @type {[string, string][]} */ ([["", "—"], ...draft.names("queues").filter((one) => one !== name).map((one) => [one, one])]);
  return [
    { key: "mode", label: t("plan_mode"), kind: "choice", choices: [["acd", t("plan_mode_acd")], ["native", t("plan_mode_native")]] },
    { key: "strategy", label: t("plan_strategy"), kind: "choice", choices: STRATEGIES.map((code) => [code, t(/** @type {any} */ (`plan_strategy_${code}`))]) },
    { key: "requirement", label: t("plan_requirement"), kind: "text", wide: true, hint: t("plan_requirement_hint"), empty: "" },
    { key: "hours", label: t("plan_hours"), kind: "choice", choices: hours },
    { key: "closed", label: t("plan_when_closed"), kind: "choice", choices: closed },
    { key: "closing", label: t("plan_at_closing"), kind: "choice", choices: closed },
    { key: "holiday", label: t("plan_on_holidays"), kind: "choice", choices: [["", t("plan_as_closed")], ...closed] },
    { key: "overflow", label: t("plan_overflow"), kind: "choice", choices: others },
    { key: "fallback", label: t("plan_fallback"), kind: "text" },
    { key: "offer_s", label: t("plan_offer_s"), kind: "number" },
    { key: "retry_s", label: t("plan_retry_s"), kind: "number" },
    { key: "misses", label: t("plan_misses"), kind: "number" },
    { key: "preferred_s", label: t("plan_preferred_s"), kind: "number" },
    { key: "rank", label: t("plan_rank"), kind: "number" },
    { key: "offset", label: t("plan_offset"), kind: "number" },
    { key: "aging", label: t("plan_aging"), kind: "number" },
    { key: "vip", label: t("plan_vip"), kind: "number" },
    { key: "answer_within_s", label: t("plan_answer_within_s"), kind: "number" },
    { key: "late", label: t("plan_late"), kind: "number" },
    { key: "short_abandon_s", label: t("plan_short_abandon_s"), kind: "number" },
  ];
}

/** Open or closed at this moment, and the emergency brake. @param {Draft} draft @param {string} name */
function now(draft, name) {
  const standing = draft.plan.now[name], forced = draft.value("forced", name), zone = draft.plan.timezone;
  const said = standing ? t(standing.open ? "plan_is_open" : "plan_is_closed", { until: standing.changes_at ? t("plan_until", { at: `${hour(standing.changes_at, zone)}` }) : "" }) : "";
  const force = (/** @type {any} */ value) => () => draft.set("forced", name, value);
  const choices = [[t("plan_by_hours"), null], [t("plan_force_open"), { open: true }], [t("plan_force_closed"), { open: false }]];
  const chosen = draft.isChanged("forced", name) && !forced ? null : forced;
  return el("div", { class: "plan-now" }, el("span", { class: `badge ${standing?.open ? "is-open" : "is-closed"}` }, said),
    el("span", { class: "plan-force", role: "group", "aria-label": t("plan_forced") }, ...choices.map(([words, value]) => el("button", {
      type: "button", class: "small", disabled: !draft.may("forced") || !standing, "aria-pressed": String((value?.open ?? null) === (chosen?.open ?? null)), onclick: force(value),
    }, words))));
}

/** @param {Draft} draft @param {string} name @param {any} value @param {boolean} locked */
function steps(draft, name, value, locked) {
  const relax = /** @type {any[]} */ (value.relax ?? []);
  const put = (/** @type {any[]} */ next) => draft.patch("queues", name, { relax: next });
  const fields = /** @type {import("./plan_form.js").Field[]} */ ([
    { key: "after_s", label: t("plan_after_s"), kind: "number" },
    { key: "requirement", label: t("plan_requirement"), kind: "text", empty: "" },
  ]);
  const rows = relax.map((_step, n) => el("li", {},
    form(fields, relax[n], locked, (some) => {
      relax[n] = { ...relax[n], ...some };
      put([...relax]);
    }),
    locked ? "" : el("button", { type: "button", class: "small", onclick: () => again(relax.filter((_one, m) => m !== n)) }, t("plan_remove"))));
  const list = el("ol", { class: "plan-steps" }, ...rows);
  const again = (/** @type {any[]} */ next) => {
    put(next);
    block.replaceWith(steps(draft, name, { ...value, relax: next }, locked));
  };
  const block = el("fieldset", { class: "plan-field is-wide" }, el("legend", {}, t("plan_steps")), list,
    locked ? "" : el("button", { type: "button", class: "small", onclick: () => again([...relax, { after_s: (relax.at(-1)?.after_s ?? 0) + 30, requirement: "" }]) }, t("plan_add_step")));
  return block;
}

/** Who is in it, for a look; the matrix is where that is changed. @param {Draft} draft @param {string} name */
function members(draft, name) {
  const logins = draft.names("people").filter((login) => draft.value("people", login)?.queues.includes(name));
  const names = logins.map((login) => draft.plan.names[login] ?? login);
  return el("p", { class: "plan-members" }, el("strong", {}, t("plan_members")), " ", names.length ? outside(names.join(", ")) : el("span", { class: "quiet" }, t("plan_no_members")));
}
