// The page's line to the server. The socket itself lives in a worker (socket_worker.js), one for all tabs of a person in this
// browser, so that a hidden or slowed tab still gets its pops.
//
//   const line = new Line({ who, cursor, message, state, signedOut, leads });   // who: the answer of /api/me
//   line.open();                  // messages of docs/asyncapi.yaml come to `message`, whether the line is live to `state`
//   line.acknowledge(version);    // after drawing up to `version`: told to the server when a person could really see it
//   line.noticed(popId);          // a desktop notification of this ringing pop is on the screen
//   line.dismiss(popId);          // put a pop away on all screens; kept until the server has heard it
//   line.showColleagues(true);    // their states come as they change, all of them first; until one says false
//   line.resume();                // something was lost: the whole story again, as after a welcome of mode resync
//   line.leads                    // whether this tab is the one that rings, notifies, opens the CRM; `leads` hears changes
//   line.watched                  // whether any tab has the focus
//
// "Rendered" means: drawn on a tab that is visible, the frame painted; or, where no tab is, drawn on the leading tab with a desktop
// notification of every pop that rings. What rang on a hidden tab without a notification is acknowledged when somebody looks.
// @ts-check
import { afterPaint } from "./dom.js";
import { elect } from "./socket_lead.js";

const WORKER = "/static/socket_worker.js";
const PROTOCOL = 2; // of tab and worker: after an upgrade a new tab doesn't talk to an old tab's worker
const ANSWERS_WITHIN_MS = 4_000;
const LOST_MS = 30_000;
const LOOK_MS = 10_000;
const LONGEST_MS = 86_400_000;

export class Line {
  leads = false;
  watched = false;
  #port = /** @type {any} */ (null);
  #live = false;
  #heardAt = Date.now();
  #drawn = 0;
  #told = 0;
  #painting = false;
  #arrived = 0; // of the oldest that isn't acknowledged
  #unnoticed = /** @type {Set<string>} */ (new Set());
  #noticed = /** @type {Set<string>} */ (new Set());

  /**
   * @param {{who?: {user_id: string, extension: string | null}, cursor: () => {epoch: string | null, version: number | null},
   *   message: (message: any) => void, state: (live: boolean) => void, signedOut: () => void, leads?: (leads: boolean) => void}} hooks
   */
  constructor(hooks) {
    this.hooks = hooks;
    // Tabs of one sign-in share; another person who signs in on this browser has another worker.
    this.name = `meridian ${PROTOCOL} ${hooks.who?.user_id ?? ""} ${hooks.who?.extension ?? ""}`;
  }

  async open() {
    await this.#join();
    elect(this.name, (leads) => this.#lead(leads));
    addEventListener("online", () => this.#say({ hurry: true }));
    addEventListener("focus", () => this.#focused(true));
    addEventListener("blur", () => this.#focused(false));
    document.addEventListener("visibilitychange", () => this.#looked());
    addEventListener("pagehide", () => this.#say({ bye: true }));
    addEventListener("pageshow", (event) => event.persisted && this.resume());
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** @param {number} version */
  acknowledge(version) {
    this.#drawn = version;
    this.#tellRendered();
  }

  /** @param {string} popId */
  noticed(popId) {
    this.#noticed.add(popId);
    this.#unnoticed.delete(popId);
    this.#tellRendered();
  }

  /** @param {string} popId @returns {boolean} always true: it is kept until the server has heard it */
  dismiss(popId) {
    this.#say({ dismiss: popId });
    return true;
  }

  /** @param {boolean} colleagues */
  showColleagues(colleagues) {
    this.#say({ colleagues });
  }

  resume() {
    this.#say({ resume: true });
  }

  async #join() {
    this.#port = await firstThatAnswers(this.name);
    this.#port.onmessage = (/** @type {MessageEvent} */ event) => this.#take(event.data);
    this.#say({ join: true });
    this.#focused(document.hasFocus());
  }

  /** A worker that died says nothing: after half a minute without a heartbeat another is started. */
  async #look() {
    if (!this.#live || Date.now() - this.#heardAt < LOST_MS) return;
    this.#say({ bye: true });
    this.#port.onmessage = null;
    this.#live = false;
    this.hooks.state(false);
    await this.#join();
  }

  /** @param {any} told */
  #take(told) {
    this.#heardAt = Date.now();
    if (told.live !== undefined) this.hooks.state((this.#live = told.live));
    else if (told.watched !== undefined) this.watched = told.watched;
    else if (told.signedOut) this.hooks.signedOut();
    else if (told.message) this.#heard(told.message, told.arrived);
  }

  /** @param {any} message @param {number} [arrived] when it came to the browser; not known of a story told again */
  #heard(message, arrived = Date.now()) {
    // Answered from here and not from a timer: a browser slows the timers of a hidden tab, but not its messages.
    if (message.type === "tick") this.#say({ pulse: true });
    if (message.type === "welcome") this.#told = this.#drawn = this.#arrived = 0;
    if (message.version) this.#arrived ||= arrived;
    if (message.pop) this.#weigh(message.pop);
    this.hooks.message(message);
  }

  /** What rings where nobody looks has to be noticed before it counts as rendered. @param {{pop_id: string, state: string}} pop */
  #weigh(pop) {
    if (pop.state !== "ringing") this.#noticed.delete(pop.pop_id);
    else if (document.hidden && !this.#noticed.has(pop.pop_id)) this.#unnoticed.add(pop.pop_id);
  }

  #tellRendered() {
    if (document.hidden) {
      if (this.leads && !this.#painting && this.#unnoticed.size === 0) this.#tell();
    } else if (!this.#painting) {
      this.#painting = true;
      afterPaint(() => this.#painted());
    }
  }

  #painted() {
    this.#painting = false;
    if (document.hidden) return;
    this.#unnoticed.clear();
    this.#tell();
  }

  #tell() {
    if (this.#drawn <= this.#told) return;
    const rendered_ms = Math.min(LONGEST_MS, Math.max(0, Math.round(Date.now() - this.#arrived)));
    this.#say({ ack: { version: this.#drawn, rendered_ms } });
    this.#told = this.#drawn;
    this.#arrived = 0;
  }

  #looked() {
    if (document.hidden) return;
    this.#say({ hurry: true });
    this.#tellRendered();
  }

  /** @param {boolean} focus */
  #focused(focus) {
    this.#say({ focus });
  }

  /** @param {boolean} leads */
  #lead(leads) {
    this.leads = leads;
    this.hooks.leads?.(leads);
    this.#tellRendered();
  }

  /** @param {any} said */
  #say(said) {
    this.#port?.postMessage(said);
  }
}

/** The port to a switch that runs: in a shared worker, else in a worker of this tab, else in the page itself. @param {string} name */
async function firstThatAnswers(name) {
  for (const start of [shared, own]) {
    try {
      const { port, worker } = start(name);
      if (await answers(port, worker)) return port;
    } catch {
      continue; // this browser has no such thing
    }
  }
  const { Switch } = await import("./socket_switch.js");
  const { port1, port2 } = new MessageChannel();
  new Switch().attach(port2);
  return port1;
}

/** @param {string} name */
function shared(name) {
  const worker = new SharedWorker(WORKER, { type: "module", name });
  return { port: worker.port, worker };
}

/** @param {string} name */
function own(name) {
  const worker = new Worker(WORKER, { type: "module", name });
  return { port: worker, worker };
}

/** Whether the switch says hello. @param {MessagePort | Worker} port @param {SharedWorker | Worker} worker @returns {Promise<boolean>} */
function answers(port, worker) {
  return new Promise((resolve) => {
    port.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
    setTimeout(() => resolve(false), ANSWERS_WITHIN_MS);
  });
}
