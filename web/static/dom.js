// Makes elements. Text from outside goes in as text and as nothing else: there is no way to pass markup.
// @ts-check

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `for`, `on…` handlers, data-…, aria-…; null and false leave one out
 * @param {...(Node | string | null | undefined | false)} children strings become text nodes
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child || child === "") element.append(child);
  return element;
}

/** Text from outside, kept from turning its surroundings around (RTL override and its kin). @param {string} text */
export function outside(text, tag = "bdi", attributes = {}) {
  return el(tag, { dir: tag === "bdi" ? null : "auto", ...attributes }, visible(text));
}

/** Control and direction characters shown as what they are. @param {string} text */
export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\ufeff]/g, "\ufffd");
}

/** @param {string} id @returns {any} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/** @type {WeakMap<Node, {key: string, says: string}>} */ const kept = new WeakMap();

/**
 * One child of `holder` for each item, in their order. A child is the same node as long as its key is there, and is filled anew only when
 * it says something else: a press that began on it ends on it, and the focus stays, whatever is redrawn meanwhile.
 * @template T
 * @param {Element} holder all its children are made here @param {T[]} items
 * @param {{key: (item: T) => string, says: (item: T) => string, make: (item: T) => any, fill: (node: any, item: T) => void}} how
 */
export function keep(holder, items, { key, says, make, fill }) {
  const before = new Map([...holder.children].map((node) => [kept.get(node)?.key, node]));
  const nodes = items.map((item) => {
    const now = { key: key(item), says: says(item) };
    const node = before.get(now.key) ?? make(item);
    before.delete(now.key);
    if (kept.get(node)?.says !== now.says) fill(node, item);
    kept.set(node, now);
    return node;
  });
  for (const gone of before.values()) gone.remove();
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  nodes.forEach((node, n) => node === holder.children[n] || holder.insertBefore(node, holder.children[n] ?? null));
  if (focused?.isConnected && document.activeElement !== focused) focused.focus(); // its line was moved
}

const PUT_ON_GLASS_MS = 50;

/** What can wait until what was drawn just now is seen: the frame still has to be put on the glass by the rest of the browser. @param {() => void} act */
export function later(act) {
  afterPaint(() => setTimeout(act, document.hidden ? 0 : PUT_ON_GLASS_MS));
}

/** When what was drawn just now is on the glass; at once where nobody looks. @param {() => void} act */
export function afterPaint(act) {
  if (document.hidden) act();
  else requestAnimationFrame(() => setTimeout(act, 0)); // the task after the frame
}

/** Change only what differs, so that a screen reader and a selection aren't disturbed. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
