// The sound of a ringing call, made by the browser itself: two soft tones, a pause, again. No timer, so a hidden tab keeps time.
// @ts-check

const PERIOD_S = 3;
const RATE = 22_050;
const TONES = [
  { from: 0, to: 0.35, pitch: 523.25 },
  { from: 0.4, to: 0.85, pitch: 659.25 },
];

export class Bell {
  #context = /** @type {AudioContext | null} */ (null);
  #playing = /** @type {AudioBufferSourceNode | null} */ (null);

  constructor() {
    // A browser lets a page make sounds after its person has touched it once.
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#wake(), { once: true });
  }

  /** @param {boolean} wanted */
  ring(wanted) {
    if (!wanted) {
      this.#playing?.stop();
      this.#playing = null;
    } else if (!this.#playing && this.#context?.state === "running") {
      this.#playing = this.#context.createBufferSource();
      this.#playing.buffer = melody(this.#context);
      this.#playing.loop = true;
      this.#playing.connect(this.#context.destination);
      this.#playing.start();
    }
  }

  get rings() {
    return this.#playing !== null;
  }

  #wake() {
    this.#context ??= new AudioContext();
    this.#context.resume();
  }
}

/** @param {AudioContext} context */
function melody(context) {
  const buffer = context.createBuffer(1, PERIOD_S * RATE, RATE);
  const samples = buffer.getChannelData(0);
  for (const { from, to, pitch } of TONES) {
    for (let n = Math.floor(from * RATE); n < to * RATE; n++) {
      const at = n / RATE;
      const swell = Math.sin((Math.PI * (at - from)) / (to - from));
      samples[n] += 0.2 * swell * Math.sin(2 * Math.PI * pitch * at);
    }
  }
  return buffer;
}
