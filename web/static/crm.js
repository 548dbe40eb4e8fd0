// The company's own CRM: its address with the call's fields in it, opened in a tab of its own that can't reach back to us.
// @ts-check
import { declared } from "./declared.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @type {Set<string>} */ const opened = new Set();

/** The address for this call; null where there is no CRM. Every field is escaped: none can become another part of the address. @param {import("./pops.js").Pop} pop @param {string} operator */
export function crmUrl(pop, operator) {
  const crm = declared().crm;
  if (!crm) return null;
  /** @type {Record<string, string>} */
  const values = {
    number: pop.client?.number || pop.number, name: pop.client?.name || pop.caller_name, client_id: pop.client?.client_id ?? "",
    card_id: pop.card_id, queue: pop.queue ?? "", dialled: pop.dialled, operator,
  };
  return fillIn(crm.url, values);
}

/** The template must begin with http(s):// itself: no value can choose the scheme or the host. @param {string} template @param {Record<string, string>} values */
export function fillIn(template, values) {
  if (!/^https?:\/\//.test(template)) return null;
  return template.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? encodeURIComponent(values[name]) : whole));
}

/** By itself at the declared moment, once for each call and moment. @param {import("./pops.js").Pop} pop @param {string} operator */
export function openCrm(pop, operator) {
  const moment = { ringing: "ring", talking: "answer" }[pop.state];
  const url = crmUrl(pop, operator);
  if (!url || !moment || declared().crm?.on !== moment || opened.has(pop.card_id)) return;
  opened.add(pop.card_id);
  window.open(url, "_blank", "noopener,noreferrer");
}

/** @param {import("./pops.js").Pop} pop @param {string} operator */
export function crmLink(pop, operator) {
  const url = crmUrl(pop, operator);
  if (!url) return "";
  return el("a", { class: "button", href: url, target: "_blank", rel: "noopener noreferrer", id: "crm" }, icon("open"), declared().crm?.title ?? "CRM");
}
