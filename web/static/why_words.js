// Why somebody still waits, in sentences that a supervisor understands at a glance. Only words: why_view.js puts them on the screen.
// @ts-check
import { pauseReason, queueTitle } from "./declared.js";
import { clock, dayAndTime, format, isToday, nowMs, secondsBetween } from "./format.js";
import { currentLanguage, locale, t } from "./texts.js";

const MOST_NAMED = 6;
const MOST_OF_A_KIND = 3;

/**
 * @typedef {{login: string, name: string, agent: string, state: string, since: string, reason: string | null, obstacles: string[],
 *   missing: {asked: string, has: string | null}[], until: string | null, ahead: number}} OperatorLine
 * @typedef {{act: string, login: string | null, skills: Record<string, number | null>, at: string | null}} Would
 * @typedef {{item_id: string, queue: string, waited_s: number, score: number, points: {queue: number, own: number, raised: number, late: number, aging: number},
 *   position: number, first_with: number | null, steps: {requirement: string, from_s: number, status: string}[], operators: OperatorLine[],
 *   would: Would[], names: Record<string, string>}} Why
 */

/** `45 s`, `4 min`, `1 h 5 min`. @param {number} seconds */
export function shortTime(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("dur_s", { n: String(whole) });
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? t("dur_min", { n: String(minutes) }) : t("dur_h", { h: String(Math.floor(minutes / 60)), n: String(minutes % 60) });
}

/** The time of day, to the second where that is soon. @param {string} at */
export function exactTime(at) {
  const soon = Math.abs(Date.parse(at) - nowMs()) < 600_000;
  if (!soon) return dayAndTime(at).replace(/^.*?, (?=\d)/, isToday(at) ? "" : "$&");
  return format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

/** `12.4`, without a useless nought. @param {number} value */
export function points(value) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(value);
}

/** `2nd`; in Russian the ending is part of the sentence. @param {number} n */
export function place(n) {
  if (currentLanguage() === "ru") return String(n);
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${n}${ending[/** @type {keyof typeof ending} */ (new Intl.PluralRules("en", { type: "ordinal" }).select(n))] ?? "th"}`;
}

/** @param {string} requirement */
export function asked(requirement) {
  return requirement === "any" ? t("why_anybody") : requirement;
}

/** What one obstacle means for this operator. @param {OperatorLine} one @param {string} obstacle */
function what(one, obstacle) {
  const time = shortTime(secondsBetween(one.since));
  const until = one.until ? exactTime(one.until) : "";
  if (obstacle === "requirement") return t("op_requirement", { missing: one.missing.map(lacks).join(t("op_joint")) });
  if (obstacle === "paused") return one.reason ? t("op_paused", { reason: pauseReason(one.reason), time }) : t("op_paused_plain", { time });
  if (["off_shift", "phone_fault", "tried"].includes(obstacle) && until) return t(/** @type {any} */ (`op_${obstacle}_until`), { until });
  return t(/** @type {any} */ (`op_${obstacle}`), { time, until });
}

/** @param {{asked: string, has: string | null}} test */
function lacks(test) {
  return test.has === null ? t("has_none", test) : t("has_level", { asked: test.asked, has: test.has });
}

/** One operator with everything that keeps them. @param {OperatorLine} one @param {string[]} [obstacles] */
export function operatorSays(one, obstacles = one.obstacles) {
  const words = obstacles.map((each) => what(one, each)).join(t("op_joint"));
  return t("op_says", { name: one.name, what: words || t("op_fits") });
}

/** @param {string[]} texts */
function listed(texts) {
  const more = texts.length - MOST_NAMED;
  return [...texts.slice(0, MOST_NAMED), ...(more > 0 ? [t("why_and_more", { count: String(more) })] : [])].join(", ");
}

/** Who stands between the item and an operator. @param {Why} why */
function nobody(why) {
  const step = why.steps.find((one) => one.status === "active");
  const members = why.operators.filter((one) => !one.obstacles.includes("not_member"));
  const fit = members.filter((one) => !one.obstacles.includes("requirement"));
  const own = /^agent == ([\w.-]+)$/.exec(step?.requirement ?? "");
  if (own) {
    const name = why.names[own[1]] ?? own[1];
    return fit.length ? t("why_preferred", { name, list: listed(fit.map((one) => operatorSays(one))) }) : t("why_preferred_absent", { name });
  }
  if (!members.length) return t("why_nobody_signed_in");
  const requirement = step?.requirement ?? "any";
  if (!fit.length) return t("why_nobody_fits", { requirement, list: listed(members.map((one) => operatorSays(one, ["requirement"]))) });
  const list = listed(fit.map((one) => operatorSays(one)));
  return requirement === "any" ? t("why_nobody_free", { list }) : t("why_nobody_ready", { requirement, list });
}

/** Why it waits. @param {Why} why */
export function sentences(why) {
  const queue = queueTitle(why.queue);
  const first = why.position === 1 ? t("why_first", { queue }) : t("why_place", { position: place(why.position), queue });
  const skipped = why.steps.filter((one) => one.status === "skipped").map((one) => t("why_skipped", { requirement: one.requirement }));
  const next = why.steps.filter((one) => one.status === "to_come")
    .map((one) => t("why_next", { time: clock(one.from_s), in: shortTime(one.from_s - why.waited_s), requirement: asked(one.requirement) }));
  return [nobody(why), first, ...skipped, ...next];
}

/** What the score is made of. @param {Why} why */
export function scoreSays(why) {
  const { queue, own, raised, late, aging } = why.points;
  return t(late === 0 ? "why_score" : "why_score_late", { late: points(late), score: points(why.score), queue: points(queue), own: points(own), raised: points(raised), aging: points(aging), minutes: points(why.waited_s / 60) });
}

/** @param {Would} would @param {Why} why */
function wouldSays(would, why) {
  const name = would.login ? why.names[would.login] ?? would.login : "";
  const one = why.operators.find((each) => each.login === would.login);
  if (would.act === "wait") {
    const when = { until: exactTime(would.at ?? ""), in: shortTime(-secondsBetween(would.at ?? "")), name };
    return `${t(name ? "would_wait_for" : "would_wait_step", when)} (${t("would_if_nothing")})`;
  }
  if (would.act === "learn") return learnSays(would.skills, name);
  if (would.act === "ready" && one?.state === "not_responding") return t("would_ready_not_responding", { name });
  return t(/** @type {any} */ (`would_${would.act}`), { name, queue: queueTitle(why.queue) });
}

/** @param {Record<string, number | null>} skills @param {string} name */
function learnSays(skills, name) {
  const given = Object.entries(skills).filter(([, level]) => level !== null).map(([skill, level]) => t("skill_level", { skill, level: String(level) }));
  const taken = Object.entries(skills).filter(([, level]) => level === null).map(([skill]) => skill);
  if (!taken.length) return t("would_learn", { name, skills: given.join(", ") });
  if (!given.length) return t("would_unlearn", { name, skills: taken.join(", ") });
  return t("would_change", { name, skills: [...given, ...taken.map((skill) => t("skill_without", { skill }))].join(", ") });
}

/** What would have it offered, a few of each kind. @param {Why} why @returns {string[]} */
export function wouldSentences(why) {
  const kinds = grouped(why.would);
  const out = [];
  for (const some of kinds.values()) {
    out.push(...some.slice(0, MOST_OF_A_KIND).map((one) => wouldSays(one, why)));
    if (some.length > MOST_OF_A_KIND) out.push(t("why_and_more", { count: String(some.length - MOST_OF_A_KIND) }));
  }
  if (out.length) return out;
  return [t(why.operators.some((one) => one.ahead > 0) ? "why_would_ahead" : "why_would_none")];
}

/** @param {Would[]} would */
function grouped(would) {
  /** @type {Map<string, Would[]>} */ const kinds = new Map();
  for (const one of would) kinds.set(one.act, [...(kinds.get(one.act) ?? []), one]);
  return kinds;
}
