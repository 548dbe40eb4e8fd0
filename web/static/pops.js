// What the screen knows, and how each message of the server changes it. Pure: no DOM, no clock, no network.
// @ts-check

/**
 * @typedef {{client_id: string, name: string, number: string, is_new: boolean, note: string, kind?: string,
 *   organisation?: string | null, organisation_id?: string | null, vip?: boolean, warning?: string, language?: string | null,
 *   timezone?: string | null, owner?: string | null, fields?: any, check?: boolean}} Client
 * @typedef {{client_id: string, name: string, kind: string, organisation: string | null, reason: string,
 *   last_contact_at: string | null, vip: boolean}} Candidate
 * @typedef {{follow_up_id: string, due_at: string, text: string, owner: string}} FollowUpLine
 * @typedef {{pop_id: string, card_id: string, state: string, direction: string, number: string, number_text: string,
 *   caller_name: string, dialled: string, dialled_text: string, queue: string | null, offered_at: string, waiting_since: string | null,
 *   answered_at: string | null, ended_at: string | null, client: Client | null, history: any[], history_state: string,
 *   candidates?: Candidate[], follow_ups?: FollowUpLine[], story?: string, story_by?: string,
 *   muted?: boolean, recording?: string, parked?: string,
 *   callback?: {callback_id: string, asked_at: string, entered_at: string, zone: string | null, asked_by: string, attempt: number} | null, unseen: boolean}} Pop
 * @typedef {{kind: string, name: string, live: boolean, since: string, why: string}} Link
 * @typedef {{agent: string, login?: string, name: string, state: string, since: string, reason: string | null, until: string | null,
 *   card_id: string | null, extensions_left: number}} Status
 * @typedef {{epoch: string | null, version: number | null, following: number, target: number, agent: string,
 *   pops: Map<string, Pop>, links: Map<string, Link>, me: Status | null, colleagues: Map<string, Status>, confused: boolean}} State
 */

/** @returns {State} */
export function emptyState() {
  return {
    epoch: null, version: null, following: 0, target: 0, agent: "",
    pops: new Map(), links: new Map(), me: null, colleagues: new Map(), confused: false,
  };
}

/** The state after `message`; a new object, the old one stays as it was. @param {State} state @param {any} message @returns {State} */
export function reduce(state, message) {
  switch (message.type) {
    case "welcome":
      return {
        ...state,
        epoch: message.epoch,
        version: message.following ? state.version : message.version,
        following: message.following,
        target: message.version,
        agent: message.agent,
        pops: message.mode === "replay" ? state.pops : new Map(),
        colleagues: new Map(), // who is there follows
        links: new Map(message.links.map((/** @type {Link} */ link) => [`${link.kind} ${link.name}`, link])),
        confused: false,
      };
    case "link":
      return { ...state, links: new Map(state.links).set(`${message.kind} ${message.name}`, message) };
    case "agent":
      return { ...state, me: message.agent };
    case "colleagues": {
      const colleagues = new Map(message.whole ? [] : state.colleagues);
      for (const status of message.agents) colleagues.set(status.agent, status);
      return { ...state, colleagues };
    }
    case "pop":
      return numbered(state, message, withPop(state.pops, { ...message.pop, unseen: message.unseen }));
    case "pop_changed": {
      const before = state.pops.get(message.pop.pop_id);
      const pop = { ...message.pop, history: before?.history ?? [], unseen: message.unseen };
      return { ...numbered(state, message, withPop(state.pops, pop)), confused: state.confused || !before };
    }
    case "pop_removed": {
      const pops = new Map(state.pops);
      pops.delete(message.pop_id);
      return numbered(state, message, pops);
    }
    default:
      return state;
  }
}

/** @param {State} state @param {{version: number}} message @param {Map<string, Pop>} pops @returns {State} */
function numbered(state, message, pops) {
  const following = Math.max(0, state.following - 1);
  // While catching up after a resync the numbers may have holes; afterwards a hole means that something was lost.
  const confused = state.following === 0 && state.version !== null && message.version !== state.version + 1;
  const version = state.following === 1 ? state.target : message.version;
  return { ...state, pops, following, version, confused: state.confused || confused };
}

/** @param {Map<string, Pop>} pops @param {Pop} pop */
function withPop(pops, pop) {
  return new Map(pops).set(pop.pop_id, pop);
}

/** A client that was confirmed or changed shows at once on every pop it belongs to. @param {State} state @param {string} cardId @param {Client} client @param {boolean} confirmed nobody else comes into question any more @returns {State} */
export function identified(state, cardId, client, confirmed) {
  const theirs = (/** @type {Pop} */ pop) => pop.card_id === cardId || pop.client?.client_id === client.client_id;
  // A zone that nobody has written down was derived from the number: it stays.
  const known = (/** @type {Pop} */ pop) => ({ ...pop.client, ...client, timezone: client.timezone ?? (pop.client?.client_id === client.client_id ? pop.client.timezone : null) });
  const pops = [...state.pops].map(([id, pop]) => /** @type {const} */ ([id, theirs(pop) ? { ...pop, client: known(pop), candidates: confirmed ? [] : pop.candidates } : pop]));
  return { ...state, pops: new Map(pops) };
}

/** @param {Pop} pop */
export function isLive(pop) {
  return pop.state === "ringing" || pop.state === "talking" || pop.state === "held";
}

/** @param {Pop} pop */
export function isMissed(pop) {
  return pop.direction !== "outbound" && (pop.state === "missed" || (pop.unseen && !pop.answered_at));
}

/**
 * One tile for each conversation: what rings first, then what is talked about, then the newest.
 * @param {State} state @returns {Pop[]}
 */
export function tiles(state) {
  /** @type {Map<string, Pop>} */
  const byCard = new Map();
  for (const pop of state.pops.values()) {
    const other = byCard.get(pop.card_id);
    if (!other || rank(pop) < rank(other) || (rank(pop) === rank(other) && pop.offered_at >= other.offered_at)) {
      byCard.set(pop.card_id, pop);
    }
  }
  return [...byCard.values()].sort(
    (a, b) => Number(isLive(b)) - Number(isLive(a)) || rank(a) - rank(b) || (a.offered_at < b.offered_at ? 1 : -1),
  );
}

/** @param {Pop} pop */
function rank(pop) {
  if (pop.state === "ringing") return 0;
  return isLive(pop) ? 1 : 2;
}
