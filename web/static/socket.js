// The line to the server: opens it with a fresh ticket, answers heartbeats, notices silence, comes back by itself.
// @ts-check
import { ApiError, ask } from "./api.js";

const SILENT_MS = 12_000;
const LONGEST_WAIT_MS = 10_000;
const SIGNED_OUT = 4401;
const REPLACED = 4409;
const RESTARTING = 1012;

export class Line {
  #socket = /** @type {WebSocket | null} */ (null);
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
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  async open() {
    clearTimeout(this.#timer);
    let ticket;
    try {
      ({ ticket } = await ask("POST", "/api/socket-ticket"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.hooks.signedOut();
      this.hooks.state(false);
      return this.#later();
    }
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/socket`, ["meridian.v1", `ticket.${ticket}`]);
    this.#socket = socket;
    this.#heard();
    socket.onopen = () => this.#send(socket, { type: "resume", ...this.hooks.cursor() });
    socket.onmessage = (event) => this.#take(socket, JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  /** @param {number} version */
  acknowledge(version) {
    if (this.#socket) this.#send(this.#socket, { type: "ack", version });
  }

  /** @param {string} popId @returns {boolean} whether it went out */
  dismiss(popId) {
    return this.#socket !== null && this.#send(this.#socket, { type: "dismiss", pop_id: popId });
  }

  /** Ask again from where we are: something was lost on the way. */
  resume() {
    if (this.#socket) this.#send(this.#socket, { type: "resume", ...this.hooks.cursor() });
  }

  /** @param {WebSocket} socket @param {any} message */
  #take(socket, message) {
    if (socket !== this.#socket) return;
    this.#heard();
    // Answering from here and not from a timer: a browser slows the timers of a hidden tab, but not its messages.
    if (message.type === "tick") this.#send(socket, { type: "pulse" });
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

  #hurry() {
    if (this.#socket === null) this.open();
    else if (Date.now() - this.#heardAt > SILENT_MS) this.#silent();
  }

  /** @param {WebSocket} socket @param {any} message */
  #send(socket, message) {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }
}
