// Instants and spans in a zone of the plan, as short as they can be told.
// @ts-check
import { format } from "./format.js";

/** @param {string} at @param {string} zone @param {Intl.DateTimeFormatOptions} shape */
function told(at, zone, shape) {
  return format({ ...shape, timeZone: zone }).format(new Date(at));
}

/** @param {string} at @param {string} zone */
export function hour(at, zone) {
  return told(at, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** `Mon 23`. @param {string} at @param {string} zone */
export function shortDay(at, zone) {
  return told(at, zone, { weekday: "short", day: "numeric" });
}

/** `Mon, 23 Nov`. @param {string} at @param {string} zone */
export function day(at, zone) {
  return told(at, zone, { weekday: "short", day: "numeric", month: "short" });
}

/** `Mon, 23 Nov 13:00–18:00`. @param {string} from @param {string} to @param {string} zone */
export function span(from, to, zone) {
  const end = day(from, zone) === day(to, zone) ? hour(to, zone) : `${day(to, zone)} ${hour(to, zone)}`;
  return `${day(from, zone)} ${hour(from, zone)}–${end}`;
}

/** `Europe/Riga, UTC+2` at an instant. @param {string} zone @param {string} [at] */
export function zoneName(zone, at) {
  const parts = format({ timeZoneName: "shortOffset", timeZone: zone }, "en").formatToParts(at ? new Date(at) : new Date());
  const offset = (parts.find((part) => part.type === "timeZoneName")?.value ?? "").replace("GMT", "UTC");
  return zone === "UTC" || zone === offset ? zone : `${zone}, ${offset}`;
}

/** The beginnings of all local days of a zone between two instants. @param {number} from ms @param {number} to ms @param {string} zone */
export function midnights(from, to, zone) {
  const found = [], quarter = 15 * 60_000;
  for (let at = Math.ceil(from / quarter) * quarter; at < to; at += quarter) {
    if (hour(new Date(at).toISOString(), zone) === "00:00") found.push(new Date(at).toISOString());
  }
  return found;
}
