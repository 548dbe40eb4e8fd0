// One connection for many tabs: hands every message on, and tells a tab that joins the whole story. Runs in the worker.
// A tab says {join}, {ack}, {pulse}, {dismiss}, {resume}, {hurry}, {focus}, {colleagues}, {bye}; it hears {message}, {live},
// {watched}, {signedOut}. Of colleagues it hears while it shows them: their states change all day long.
// @ts-check
import { emptyState, isLive, reduce } from "./pops.js";
import { Connection } from "./socket_connection.js";

export class Switch {
  #tabs = /** @type {Set<MessagePort>} */ (new Set());
  #focused = /** @type {Set<MessagePort>} */ (new Set());
  #joining = /** @type {Set<MessagePort>} */ (new Set());
  #showing = /** @type {Set<MessagePort>} Who shows colleagues. */ (new Set());
  #state = emptyState();
  #live = false;
  #clockAhead = 0;
  #pulseDue = false;
  #putAway = /** @type {Set<string>} */ (new Set());
  #connection = new Connection({
    cursor: () => ({ epoch: this.#state.epoch, version: this.#state.version }),
    message: (message) => this.#take(message),
    state: (live) => this.#lineChanged(live),
    signedOut: () => this.#signedOut(),
  });

  /** A tab, by the port that leads to it. @param {MessagePort} port */
  attach(port) {
    port.onmessage = (event) => this.#said(port, event.data);
    port.postMessage({ hello: true });
  }

  /** @param {MessagePort} port @param {any} said */
  #said(port, said) {
    if (said.join) this.#join(port);
    else if (said.ack) this.#connection.send({ type: "ack", ...said.ack });
    else if (said.pulse) this.#pulse();
    else if (said.dismiss) this.#dismiss(said.dismiss);
    else if (said.resume) this.#join(port);
    else if (said.hurry) this.#connection.hurry();
    else if (said.focus !== undefined) this.#looks(port, said.focus);
    else if (said.colleagues !== undefined) this.#shows(port, said.colleagues);
    else if (said.bye) this.#left(port);
  }

  /** @param {MessagePort} port @param {boolean} focus */
  #looks(port, focus) {
    if (focus) this.#focused.add(port);
    else this.#focused.delete(port);
    for (const tab of this.#tabs) tab.postMessage({ watched: this.#focused.size > 0 });
  }

  /** @param {MessagePort} port @param {boolean} colleagues */
  #shows(port, colleagues) {
    if (colleagues) this.#showing.add(port);
    else this.#showing.delete(port);
    if (colleagues && this.#live) port.postMessage({ message: this.#everybody() });
  }

  /** @param {MessagePort} port */
  #left(port) {
    this.#tabs.delete(port);
    this.#joining.delete(port);
    this.#showing.delete(port);
    this.#looks(port, false);
  }

  /** @param {MessagePort} port */
  #join(port) {
    this.#tabs.delete(port);
    port.postMessage({ live: this.#live });
    if (this.#state.following > 0) return void this.#joining.add(port); // in the middle of catching up: told at its end
    this.#tabs.add(port);
    port.postMessage({ watched: this.#focused.size > 0 });
    if (this.#state.epoch !== null) for (const message of this.#story()) port.postMessage({ message });
    if (this.#showing.has(port)) port.postMessage({ message: this.#everybody() });
    if (!this.#live) this.#connection.hurry();
  }

  /** What the server would say to a page that knows nothing. */
  #story() {
    const { epoch, version, agent, pops, links, me } = this.#state;
    const at = new Date(Date.now() + this.#clockAhead).toISOString();
    /** @type {any[]} */
    const told = [{ type: "welcome", epoch, version, following: pops.size, mode: "resync", agent, at, links: [...links.values()] }];
    for (const { unseen, ...pop } of pops.values()) told.push({ type: "pop", version, pop, unseen });
    if (me) told.push({ type: "agent", agent: me });
    return told;
  }

  #everybody() {
    return { type: "colleagues", agents: [...this.#state.colleagues.values()], whole: true };
  }

  /** @param {any} message */
  #take(message) {
    if (message.at) this.#clockAhead = Date.parse(message.at) - Date.now();
    if (message.type === "tick") this.#pulseDue = true;
    this.#state = reduce(this.#state, message);
    if (this.#state.confused) {
      this.#state = emptyState();
      return this.#connection.resume();
    }
    const arrived = Date.now();
    const hearing = message.type === "colleagues" ? this.#showing : this.#tabs;
    for (const port of this.#tabs) if (hearing.has(port)) port.postMessage({ message, arrived });
    if (this.#state.following > 0) return;
    for (const port of this.#joining) this.#join(port);
    this.#joining.clear();
    for (const popId of this.#putAway) this.#dismiss(popId);
  }

  /** Put it away as soon as the server hears it and the call is over. @param {string} popId */
  #dismiss(popId) {
    const pop = this.#state.pops.get(popId);
    if (!pop || isLive(pop) || this.#connection.send({ type: "dismiss", pop_id: popId })) this.#putAway.delete(popId);
    else this.#putAway.add(popId);
  }

  /** The first tab that answers a heartbeat answers for all; a browser whose tabs are all frozen stays silent. */
  #pulse() {
    if (this.#pulseDue) this.#connection.send({ type: "pulse" });
    this.#pulseDue = false;
  }

  /** @param {boolean} live */
  #lineChanged(live) {
    this.#live = live;
    for (const port of [...this.#tabs, ...this.#joining]) port.postMessage({ live });
  }

  #signedOut() {
    this.#state = emptyState();
    for (const port of [...this.#tabs, ...this.#joining]) port.postMessage({ signedOut: true });
    this.#tabs.clear();
    this.#joining.clear();
    this.#showing.clear();
    this.#focused.clear();
    this.#putAway.clear();
  }
}
