// The worker in which the socket lives, shared by all tabs of one person in this browser where the browser can, else one a tab.
// A browser slows the timers of a hidden tab, not those of a worker.
// @ts-check
import { Switch } from "./socket_switch.js";

const board = new Switch();
const scope = /** @type {any} */ (globalThis);
if ("onconnect" in scope) scope.onconnect = (/** @type {MessageEvent} */ event) => board.attach(event.ports[0]);
else board.attach(scope);
