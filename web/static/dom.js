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

/** Change only what differs, so that a screen reader and a selection aren't disturbed. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
