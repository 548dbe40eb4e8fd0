// Who changed what of the plan, and what was there before.
// @ts-check
import { ask, why } from "./api.js";
import { el, outside } from "./dom.js";
import { dayAndTime } from "./format.js";
import { same } from "./plan_draft.js";
import { t } from "./texts.js";

export class Changes {
  constructor() {
    this.list = el("tbody", {});
    this.more = el("button", { type: "button", hidden: true, onclick: () => this.#load() }, t("cards_more"));
    this.problem = el("p", { class: "problem", role: "alert" });
    this.root = el("div", {}, this.problem, el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("plan_changes") }, el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ...["plan_when", "plan_who", "plan_what", "plan_difference"].map((key) => el("th", { scope: "col" }, t(/** @type {any} */ (key)))))), this.list)), this.more);
    this.#load();
  }

  refresh() {
    this.last = undefined;
    this.list.replaceChildren();
    this.#load();
  }

  async #load() {
    try {
      const { changes } = await ask("GET", `/api/plan/changes?most=50${this.last ? `&before=${this.last}` : ""}`);
      this.list.append(...changes.map(row));
      this.last = changes.at(-1)?.version;
      this.more.hidden = changes.length < 50;
      if (!this.list.childElementCount) this.list.append(el("tr", {}, el("td", { colspan: 4, class: "quiet" }, t("plan_no_changes"))));
    } catch (error) {
      this.problem.textContent = t("failed", { why: why(error) });
    }
  }
}

/** @param {any} change */
function row(change) {
  const holes = change.holes ? el("p", { class: "plan-warn" }, t("plan_holes_opened", { count: String(change.holes) })) : "";
  return el("tr", {}, el("td", { class: "nowrap" }, dayAndTime(change.at)), el("td", {}, outside(change.by)),
    el("td", {}, t(/** @type {any} */ (`plan_${change.kind}`)), " ", outside(change.name), change.back ? el("span", { class: "quiet" }, ` · ${t("plan_back_to_file")}`) : ""),
    el("td", {}, ...differences(change.before, change.after), holes));
}

/** Only the keys that differ. @param {any} before @param {any} after */
function differences(before, after) {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((key) => !same(before?.[key], after?.[key]));
  return keys.map((key) => el("p", { class: "difference" }, el("code", {}, key), " ", el("del", {}, outside(told(before?.[key]))), " → ", el("ins", {}, outside(told(after?.[key])))));
}

/** @param {any} value */
function told(value) {
  if (value === null || value === undefined || value === "") return "—";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
