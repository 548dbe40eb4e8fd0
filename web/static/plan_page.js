// The page of the plan: who serves what and when, for supervisors and administrators. Tabs, and what happens after a save.
// @ts-check
import { why } from "./api.js";
import { byId, el, outside } from "./dom.js";
import { signedIn } from "./frame.js";
import { Bar } from "./plan_bar.js";
import { Changes } from "./plan_changes.js";
import { Coverage } from "./plan_coverage.js";
import { Draft } from "./plan_draft.js";
import { queueEntries, skillEntries } from "./plan_entries.js";
import { hoursEntries } from "./plan_hours.js";
import { People } from "./plan_people.js";
import { hour, zoneName } from "./plan_time.js";
import { t } from "./texts.js";

/** @typedef {{root: Node, refresh: () => void}} View */

const draft = new Draft();
/** @type {Record<string, {words: any, make: () => View}>} */
const TABS = {
  people: { words: "plan_people", make: () => new People(draft) },
  queues: { words: "plan_queues", make: () => queueEntries(draft) },
  hours: { words: "plan_hours", make: () => hoursEntries(draft) },
  skills: { words: "plan_skills", make: () => skillEntries(draft) },
  coverage: { words: "plan_coverage", make: () => new Coverage() },
  changes: { words: "plan_changes", make: () => new Changes() },
};
/** @type {View | null} */
let view = null;

await signedIn();
await start();

async function start() {
  try {
    await draft.load();
  } catch (error) {
    byId("problem").textContent = t("failed", { why: why(error) });
    return;
  }
  new Bar(draft, afresh);
  byId("tabs").replaceChildren(...Object.entries(TABS).map(([name, tab]) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "view", onclick: () => show(name), onkeydown: turn }, t(tab.words))));
  addEventListener("hashchange", () => show(wanted()));
  notes();
  show(wanted());
  clock();
  setInterval(clock, 10_000);
}

function wanted() {
  const name = location.hash.slice(1);
  return name in TABS ? name : "people";
}

/** @param {string} name */
function show(name) {
  for (const tab of byId("tabs").children) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  byId("view").setAttribute("aria-labelledby", `tab-${name}`);
  history.replaceState(null, "", `#${name}`);
  view = TABS[name].make();
  byId("view").replaceChildren(view.root);
}

/** Arrows go from tab to tab, as everywhere. @param {KeyboardEvent} event */
function turn(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const tabs = [...byId("tabs").children];
  const next = tabs[(tabs.indexOf(/** @type {Element} */ (event.currentTarget)) + step + tabs.length) % tabs.length];
  show(next.id.replace("tab-", ""));
  /** @type {HTMLElement} */ (next).focus();
}

/** After a save, and after giving up. */
function afresh() {
  notes();
  view?.refresh();
}

/** What somebody must know before they change anything. */
function notes() {
  const { left_out, feeds } = draft.plan;
  byId("notes").replaceChildren(
    ...left_out.map((/** @type {any} */ one) => el("p", { class: "plan-note" }, outside(t("plan_left_out", { what: `${one.kind} ${one.name}`, by: one.by, why: one.why })))),
    ...feeds.filter((/** @type {any} */ one) => one.stale).map((/** @type {any} */ one) => el("p", { class: "plan-note" }, outside(t("plan_stale_feed", { feed: one.address, why: one.error })))));
}

function clock() {
  const now = new Date().toISOString(), { timezone } = draft.plan;
  byId("site-time").textContent = `${hour(now, timezone)} ${zoneName(timezone)} · ${hour(now, "UTC")} UTC`;
}
