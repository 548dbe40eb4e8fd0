// The next fortnight: when each queue is open, and when nobody on shift could serve it.
// @ts-check
import { ask, why } from "./api.js";
import { el, outside } from "./dom.js";
import { hour, midnights, span, zoneName } from "./plan_time.js";
import { drawn, scaleLine, scaleOf, widthOf } from "./plan_week.js";
import { t } from "./texts.js";

const ROW = 36;
const SCALES = 52;

export class Coverage {
  constructor() {
    this.root = el("div", {}, el("p", { class: "quiet" }, t("plan_checking")));
    this.refresh();
  }

  async refresh() {
    try {
      this.#draw(await ask("GET", "/api/routing/coverage?days=14"));
    } catch (error) {
      this.root.replaceChildren(el("p", { class: "problem" }, t("failed", { why: why(error) })));
    }
  }

  /** @param {any} page */
  #draw(page) {
    const holes = page.queues.flatMap((/** @type {any} */ queue) => queue.holes);
    const lead = !page.people ? t("plan_no_shifts") : holes.length ? t("plan_holes_ahead", { count: String(holes.length) }) : t("plan_no_holes_ahead");
    this.root.replaceChildren(
      el("p", { class: holes.length ? "plan-warn" : "plan-fine" }, lead),
      el("ul", { class: "legend" }, ...["open", "relaxed", "nobody"].map((kind) => el("li", {}, el("span", { class: `legend-mark legend-${kind}` }), t(/** @type {any} */ (`plan_legend_${kind}`))))),
      picture(page), holes.length ? table(page) : "");
  }
}

/** @param {any} page */
function picture(page) {
  const from = Date.parse(page.start), to = Date.parse(page.end), x = scaleOf(from, to);
  const height = page.queues.length * ROW + SCALES;
  const rows = page.queues.flatMap((/** @type {any} */ queue, /** @type {number} */ n) => [
    ...queue.open.map((/** @type {any} */ one) => band(one, "cover-open", n)),
    ...queue.holes.map((/** @type {any} */ one) => band(one, `cover-${one.severity}`, n)),
  ]);
  /** @param {any} one @param {string} kind @param {number} n */
  function band(one, kind, n) {
    return drawn("rect", { x: x(one.from), width: widthOf(one.from, one.to, to - from), y: n * ROW + 6, height: ROW - 12, class: `cover ${kind}` },
      drawn("title", {}, `${span(one.from, one.to, page.timezone)} (${hour(one.from, "UTC")}–${hour(one.to, "UTC")} UTC)`));
  }
  const days = midnights(from, to, page.timezone).map((at) => drawn("line", { x1: x(at), x2: x(at), y1: 0, y2: page.queues.length * ROW, class: "day-line" }));
  const scales = [page.timezone, "UTC"].flatMap((zone, n) => scaleLine({ zone, midnights: midnights(from, to, zone) }, x, page.queues.length * ROW + 4 + n * 24));
  const now = drawn("line", { x1: x(Date.now()), x2: x(Date.now()), y1: 0, y2: height, class: "now-line" });
  return el("figure", { class: "coverage" },
    el("div", { class: "coverage-names" }, ...page.queues.map((/** @type {any} */ queue) => el("span", { class: "coverage-name", title: queue.requirement }, outside(queue.title))), el("span", { class: "coverage-zone" }, zoneName(page.timezone)), el("span", { class: "coverage-zone" }, "UTC")),
    el("div", { class: "coverage-drawing", tabindex: 0, role: "region", "aria-label": t("plan_coverage_picture") },
      drawn("svg", { width: "100%", height, role: "img", "aria-label": t("plan_coverage_picture") }, ...days, ...rows, ...scales, now)));
}

/** @param {any} page */
function table(page) {
  const rows = page.queues.flatMap((/** @type {any} */ queue) => queue.holes.map((/** @type {any} */ hole) => el("tr", {},
    el("td", {}, outside(queue.title)), el("td", { class: `severity-${hole.severity}` }, t(hole.severity === "nobody" ? "plan_hole_nobody" : "plan_hole_relaxed")),
    el("td", { class: "nowrap" }, span(hole.from, hole.to, page.timezone)), el("td", { class: "nowrap" }, span(hole.from, hole.to, "UTC")), el("td", {}, el("code", {}, outside(hole.requirement))))));
  const heads = [t("queue"), t("plan_who_is_missing"), page.timezone, "UTC", t("plan_requirement")];
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("plan_coverage") }, el("table", { class: "table" },
    el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))), el("tbody", {}, ...rows)));
}
