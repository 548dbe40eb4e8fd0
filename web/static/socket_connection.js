// The socket itself: opens it with a fresh ticket, answers heartbeats, notices silence, comes back by itself.
// Runs in a worker or in a page: no DOM, no state of the desk.
// @ts-check

const SILENT_MS = 12_000;
const LONGEST_WAIT_MS = 10_000;
const SIGNED_OUT = 4401;
const REPLACED = 4409;
const RESTARTING = 1012;
const TICKET_WITHIN_MS = 10_000;

export class Connection {
  #socket = /** @type {WebSocket | null} */ (null);
  #opening = false;
  #tries = 0;
  #heardAt = 0;
  #timer = 0;
  #watch = 0;

  /**
   * @param {{cursor: () => {epoch: string | null, version: number | null}, message: (message: any) => void,
   *   state: (live: boolean) => void, signedOut: () => void}} hooks
   */
  constructor(hooks) {
    this.hooks = hooks;
  }

  async open() {
    if (this.#socket || this.#opening) return;
    clearTimeout(this.#timer);
    this.#opening = true;
    const got = await ticket();
    this.#opening = false;
    if (got === "signed out") return this.hooks.signedOut();
    if (got === null) {
      this.hooks.state(false);
      return this.#later();
    }
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/socket`, ["meridian.v1", `ticket.${got.ticket}`]);
    this.#socket = socket;
    this.#heard();
    socket.onopen = () => this.resume();
    socket.onmessage = (event) => this.#take(socket, JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  /** Ask for what is missing after the cursor. */
  resume() {
    this.send({ type: "resume", ...this.hooks.cursor() });
  }

  /** @param {any} message @returns {boolean} whether it went out */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Somebody looks, or the network is back: don't wait any longer. */
  hurry() {
    if (this.#socket === null) this.open();
    else if (Date.now() - this.#heardAt > SILENT_MS) this.#silent();
  }

  /** @param {WebSocket} socket @param {any} message */
  #take(socket, message) {
    if (socket !== this.#socket) return;
    this.#heard();
    if (message.type === "welcome") {
      this.#tries = 0;
      this.hooks.state(true);
    }
    this.hooks.message(message);
  }

  #heard() {
    this.#heardAt = Date.now();
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#silent(), SILENT_MS);
  }

  #silent() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#closed(socket, 0); // the browser's own close event may take a minute on a dead line
  }

  /** @param {WebSocket} socket @param {number} code */
  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#watch);
    this.hooks.state(false);
    if (code === SIGNED_OUT) this.hooks.signedOut();
    else if (code !== REPLACED) this.#later(code === RESTARTING ? 3_000 : 0);
  }

  /** Come back a little later each time, never all browsers at once. @param {number} [atLeast] */
  #later(atLeast = 0) {
    const most = Math.min(LONGEST_WAIT_MS, 400 * 2 ** this.#tries++);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), Math.random() * (most + atLeast) + 50);
  }
}

/** A ticket for one socket; null when the server can't be reached or is busy. @returns {Promise<{ticket: string} | "signed out" | null>} */
async function ticket() {
  try {
    const answer = await fetch("/api/socket-ticket", { method: "POST", signal: AbortSignal.timeout(TICKET_WITHIN_MS) });
    if (answer.status === 401) return "signed out";
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
