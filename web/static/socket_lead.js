// Exactly one tab of a browser leads: it rings, shows desktop notifications, opens the CRM. When it closes another leads at once.
// @ts-check

const ASK_MS = 700;
const ANSWER_MS = 200;

/**
 * Take part in the election until the page goes. `changed` is called when this tab begins to lead, or must stop.
 * @param {string} name who elects: the tabs of one person @param {(leads: boolean) => void} changed
 */
export function elect(name, changed) {
  // The lock is the browser's own: given to the next tab when this one closes or crashes. Only secure pages have locks.
  if (navigator.locks) navigator.locks.request(name, () => new Promise(() => changed(true)));
  else new Ballot(name, changed).start();
}

/** For pages over plain http: the oldest tab that answers leads. */
export class Ballot {
  #id = `${Date.now().toString(36).padStart(9, "0")}-${Math.random().toString(36).slice(2)}`;
  #leads = false;
  #claim = 0;

  /** @param {string} name @param {(leads: boolean) => void} changed */
  constructor(name, changed) {
    this.changed = changed;
    this.channel = new BroadcastChannel(name);
  }

  start() {
    this.channel.onmessage = (event) => this.#heard(event.data);
    setInterval(() => this.#ask(), ASK_MS); // slowed in a hidden tab, which then leads later than one that is seen
    document.addEventListener("visibilitychange", () => this.#ask());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", () => this.#ask());
    this.#ask();
  }

  #ask() {
    if (this.#leads) return;
    this.channel.postMessage({ who: true });
    if (!this.#claim) this.#claim = setTimeout(() => this.#lead(), ANSWER_MS);
  }

  #lead() {
    this.#claim = 0;
    this.#leads = true;
    this.channel.postMessage({ leads: this.#id });
    this.changed(true);
  }

  /** @param {{who?: true, leads?: string, left?: true}} said */
  #heard(said) {
    if (said.who && this.#leads) this.channel.postMessage({ leads: this.#id });
    else if (said.left) this.#ask();
    else if (said.leads) this.#othersClaim(said.leads);
  }

  /** @param {string} other */
  #othersClaim(other) {
    clearTimeout(this.#claim);
    this.#claim = 0;
    if (!this.#leads) return;
    if (this.#id < other) return this.channel.postMessage({ leads: this.#id });
    this.#leads = false;
    this.changed(false);
  }

  #leave() {
    if (this.#leads) this.channel.postMessage({ left: true });
    clearTimeout(this.#claim);
    this.#claim = 0;
    if (this.#leads) this.changed(false);
    this.#leads = false;
  }
}
