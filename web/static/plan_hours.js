// The hours editor: a calendar as it is written, and beside it the week that comes of it, drawn while one types.
// @ts-check
import { ask, why } from "./api.js";
import { el, outside } from "./dom.js";
import { Entries } from "./plan_entries.js";
import { form } from "./plan_form.js";
import { weekPicture } from "./plan_week.js";
import { t } from "./texts.js";

const PAUSE_MS = 350;
const DAY_MS = 86_400_000;

/** @param {import("./plan_draft.js").Draft} draft */
export function hoursEntries(draft) {
  const view = new WeekView(draft);
  return new Entries(draft, "hours", {
    title: t("plan_hours"),
    fresh: { zone: draft.plan.timezone, week: ["Mon-Fri 09:00-18:00"] },
    draw: (name, value, locked) => {
      view.show(name);
      return [view.root, form(fields(), value, locked, (some) => {
        draft.patch("hours", name, some);
        view.soon();
      }), el("p", { class: "hint" }, t("plan_order"))];
    },
  });
}

/** @returns {import("./plan_form.js").Field[]} */
function fields() {
  return [
    { key: "zone", label: t("plan_zone"), kind: "text", empty: "", hint: "Europe/Riga, Asia/Kathmandu" },
    { key: "forced", label: t("plan_forced"), kind: "text", hint: "open · closed · closed until 2026-12-24T18:00:00Z" },
    { key: "week", label: t("plan_week"), kind: "lines", wide: true, hint: "Mon-Fri 09:00-18:00 · Sat,Sun 10-14 15-17 · Fri 22:00-06:00 · daily 00:00-24:00" },
    { key: "dated", label: t("plan_dated"), kind: "lines", hint: "2026-12-24 10:00-12:00 Christmas Eve · 2026-12-27..2026-12-30 closed" },
    { key: "yearly", label: t("plan_yearly"), kind: "lines", hint: "12-31 closed · last Mon of 08 closed · first Fri 12:00-18:00" },
    { key: "holidays", label: t("plan_holidays"), kind: "text", hint: "LV · DE-BY" },
    { key: "holiday_hours", label: t("plan_holiday_hours"), kind: "lines", hint: "10:00-14:00" },
    { key: "holidays_add", label: t("plan_holidays_add"), kind: "lines", hint: "2026-06-24 Midsummer" },
    { key: "holidays_remove", label: t("plan_holidays_remove"), kind: "lines", hint: "2026-06-24" },
    { key: "feeds", label: t("plan_feeds"), kind: "lines", hint: "https://calendar.example/closed.ics" },
  ];
}

/** One week at a time of the calendar that is being written. */
class WeekView {
  #name = "";
  #timer = 0;
  #asked = 0;
  /** @type {string | null} */ #start = null;

  /** @param {import("./plan_draft.js").Draft} draft */
  constructor(draft) {
    this.draft = draft;
    this.picture = el("div", { class: "week-place" });
    const turn = (/** @type {number} */ days, /** @type {string} */ sign, /** @type {any} */ words) => el("button", { type: "button", class: "small", "aria-label": t(words), onclick: () => this.#turn(days) }, sign);
    this.root = el("section", { class: "week-view", "aria-label": t("plan_week_picture") },
      el("div", { class: "week-turn" }, turn(-7, "‹", "plan_week_before"), el("button", { type: "button", class: "small", onclick: () => this.#turn(0) }, t("plan_this_week")), turn(7, "›", "plan_week_after")),
      this.picture);
  }

  /** @param {string} name */
  show(name) {
    this.#name = name;
    this.#draw();
  }

  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), PAUSE_MS);
  }

  /** @param {number} days 0: back to this week */
  #turn(days) {
    this.#start = days && this.#start ? new Date(Date.parse(this.#start) + days * DAY_MS).toISOString().slice(0, 10) : null;
    this.#draw();
  }

  async #draw() {
    const asked = ++this.#asked, name = this.#name;
    try {
      const told = await ask("POST", "/api/plan/check", { kind: "hours", name, value: this.draft.value("hours", name), start: this.#start });
      if (asked !== this.#asked || !told.week) return;
      this.#start = told.week.days[0].day;
      this.picture.replaceChildren(weekPicture(told.week, this.draft.plan.timezone));
    } catch (error) {
      if (asked === this.#asked) this.picture.replaceChildren(el("p", { class: "plan-wrong" }, outside(why(error))));
    }
  }
}
