// A picture of one week of a calendar: when it is open, under the days of the calendar's zone, of the site's and of UTC.
// @ts-check
import { el, outside } from "./dom.js";
import { day, shortDay, span, zoneName } from "./plan_time.js";
import { t } from "./texts.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const SCALE = 22;
const BAND = 34;

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
export function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {number} from ms @param {number} to ms */
export function scaleOf(from, to) {
  /** @param {string | number} at */
  return (at) => `${(((typeof at === "string" ? Date.parse(at) : at) - from) / (to - from)) * 100}%`;
}

/** @param {string} from @param {string} to @param {number} whole ms */
export function widthOf(from, to, whole) {
  return `${((Date.parse(to) - Date.parse(from)) / whole) * 100}%`;
}

/** @param {any} week as the server tells it @param {string} siteZone */
export function weekPicture(week, siteZone) {
  const from = Date.parse(week.begins), to = Date.parse(week.ends), x = scaleOf(from, to);
  const height = BAND + 8 + week.scales.length * SCALE;
  const bands = week.days.flatMap((/** @type {any} */ one) => one.spans.map((/** @type {any} */ open) => drawn("rect", {
    x: x(open.from), width: widthOf(open.from, open.to, to - from), y: 2, height: BAND - 4, class: `band band-${one.reason}`, rx: 3,
  }, drawn("title", {}, `${span(open.from, open.to, siteZone)}`))));
  const exceptions = week.days.filter((/** @type {any} */ one) => one.reason !== "week").map((/** @type {any} */ one) => drawn("rect", {
    x: x(one.begins), width: widthOf(one.begins, one.ends, to - from), y: 0, height: BAND, class: `mark mark-${one.reason}`,
  }));
  const days = week.days.slice(1).map((/** @type {any} */ one) => drawn("line", { x1: x(one.begins), x2: x(one.begins), y1: 0, y2: BAND, class: "day-line" }));
  const scales = week.scales.flatMap((/** @type {any} */ scale, /** @type {number} */ n) => scaleLine(scale, x, BAND + 6 + n * SCALE));
  const now = Date.now() > from && Date.now() < to ? [drawn("line", { x1: x(Date.now()), x2: x(Date.now()), y1: 0, y2: height, class: "now-line" })] : [];
  return el("figure", { class: "week" },
    el("div", { class: "week-names", "aria-hidden": "true" }, el("span", { class: "week-open" }, t("plan_open")), ...week.scales.map((/** @type {any} */ scale) => el("span", {}, zoneName(scale.zone, week.begins)))),
    el("div", { class: "week-drawing", tabindex: 0, role: "region", "aria-label": t("plan_week_picture") }, drawn("svg", { width: "100%", height, role: "img", "aria-label": t("plan_week_picture") }, ...exceptions, ...days, ...bands, ...scales, ...now)),
    weekTable(week, siteZone));
}

/** @param {{zone: string, midnights: string[]}} scale @param {(at: string) => string} x @param {number} y */
export function scaleLine(scale, x, y) {
  return scale.midnights.flatMap((at) => [
    drawn("line", { x1: x(at), x2: x(at), y1: y, y2: y + SCALE - 4, class: "tick" }),
    drawn("text", { x: x(at), dx: 4, y: y + 14, class: "tick-text" }, shortDay(at, scale.zone)),
  ]);
}

/** The same in words: for eyes that want the minutes, and for those that can't see the picture. @param {any} week @param {string} siteZone */
function weekTable(week, siteZone) {
  const elsewhere = week.zone !== siteZone;
  const pair = (/** @type {string[]} */ clock) => `${clock[0]}–${clock[1]}`;
  const rows = week.days.map((/** @type {any} */ one) => el("tr", { class: one.reason === "week" ? "" : "is-exception" },
    el("th", { scope: "row" }, day(one.begins, week.zone)),
    el("td", {}, one.spans.map((/** @type {any} */ open) => pair(open.calendar)).join(", ") || t("plan_closed_all_day")),
    elsewhere ? el("td", {}, one.spans.map((/** @type {any} */ open) => pair(open.site)).join(", ")) : "",
    el("td", {}, one.spans.map((/** @type {any} */ open) => pair(open.utc)).join(", ")),
    el("td", {}, one.reason === "week" ? "" : t(/** @type {any} */ (`plan_reason_${one.reason}`)), one.reason_name ? outside(` ${one.reason_name}`) : "", one.closures.length ? outside(` ${one.closures.join(", ")}`) : "")));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("plan_week_table") }, el("table", { class: "table week-table" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("plan_day")), el("th", { scope: "col" }, week.zone), elsewhere ? el("th", { scope: "col" }, siteZone) : "", el("th", { scope: "col" }, "UTC"), el("th", { scope: "col" }, t("plan_reason")))),
    el("tbody", {}, ...rows)));
}

