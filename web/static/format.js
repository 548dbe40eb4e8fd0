// Times and lengths as people read them, against the server's clock.
// @ts-check
import { locale } from "./texts.js";

let ahead_ms = 0;
/** @type {Map<string, Intl.DateTimeFormat>} */ const formats = new Map();

/** Made once for each shape: a new one costs more than all that it is used for. @param {Intl.DateTimeFormatOptions} shape @param {string} [language] the reader's own without */
export function format(shape, language = locale()) {
  const key = language + JSON.stringify(shape);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, shape);
  formats.set(key, known);
  return known;
}

/** The server's clock as a message brought it. @param {string} at */
export function setServerTime(at) {
  ahead_ms = Date.parse(at) - Date.now();
}

export function nowMs() {
  return Date.now() + ahead_ms;
}

/** `4:07`, `1:02:09`. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [h, m, s] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${m}:${s}` : `${Number(m)}:${s}`;
}

/** Seconds between two instants; until now without an end. @param {string} from @param {string | null} [until] */
export function secondsBetween(from, until) {
  return ((until ? Date.parse(until) : nowMs()) - Date.parse(from)) / 1000;
}

/** @param {string} at */
export function timeOfDay(at) {
  return format({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function ourZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** In which zone the times on this page are, e.g. `Europe/Moscow, UTC+3`. */
export function zone() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const parts = format({ timeZoneName: "shortOffset" }, "en").formatToParts(new Date(nowMs()));
  const offset = (parts.find((part) => part.type === "timeZoneName")?.value ?? "").replace("GMT", "UTC");
  return timeZone === offset ? timeZone : `${timeZone}, ${offset}`;
}

/** `today 14:05`, `20 Nov 14:05`, with the year where it isn't this one. @param {string} at */
export function dayAndTime(at) {
  const date = new Date(at);
  const days = Math.round((startOfDay(date) - startOfDay(new Date(nowMs()))) / 86_400_000);
  if (days === 0 || days === -1) {
    const word = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(days, "day");
    return `${word}, ${timeOfDay(at)}`;
  }
  /** @type {Intl.DateTimeFormatOptions} */
  const shape = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  if (date.getFullYear() !== new Date(nowMs()).getFullYear()) shape.year = "numeric";
  return format(shape).format(date);
}

/** @param {Date} date */
function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** The time of day somewhere else, with the day where it isn't ours: `14:05`, `Mon 02:10`. @param {string} zoneName @param {string} [at] now without */
export function timeThere(zoneName, at) {
  const date = at ? new Date(at) : new Date(nowMs());
  try {
    const day = (/** @type {string | undefined} */ timeZone) => format({ timeZone }, "en-CA").format(date);
    const weekday = day(zoneName) === day(undefined) ? undefined : "short";
    return format({ hour: "2-digit", minute: "2-digit", weekday, timeZone: zoneName }).format(date);
  } catch {
    return ""; // a zone that this browser doesn't know
  }
}

/** The hour of the day there, 0 to 23. @param {string} zoneName */
export function hourThere(zoneName) {
  return Number(format({ hour: "2-digit", hourCycle: "h23", timeZone: zoneName }, "en-GB").format(new Date(nowMs())));
}

/** Whether it is on this day of ours. @param {string} at */
export function isToday(at) {
  return startOfDay(new Date(at)) === startOfDay(new Date(nowMs()));
}

/** `Sunday, 22 November`. */
export function today() {
  return format({ weekday: "long", day: "numeric", month: "long" }).format(new Date(nowMs()));
}
