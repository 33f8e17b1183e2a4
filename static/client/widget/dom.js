/** Elements, made without markup: what a file is called can never become an element. */

import { ICONS } from './icons.js';

/** @import { IconName } from './icons.js' */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @typedef {Record<string, string | boolean | number | null | undefined>} Attributes  true: without a value;
 *   false, null, undefined: left out
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * For the eye only.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * @param {string} text
 * @param {string} look  `primary`, `quiet`, `danger` or nothing
 * @param {Attributes} [attributes]
 */
export function button(text, look, attributes = {}) {
  const part = look ? `button ${look}-button` : 'button';
  return make('button', { type: 'button', class: `button ${look}`, part, ...attributes }, text);
}

/**
 * A button that stands out, for the sheet here and for that of the page alike.
 *
 * @param {HTMLButtonElement} element
 * @param {boolean} primary
 */
export function setPrimary(element, primary) {
  element.classList.toggle('primary', primary);
  element.part.toggle('primary-button', primary);
}

/**
 * A hidden control would drop the focus, and a keyboard's user would start at the top of the page again.
 *
 * @param {HTMLElement} within
 * @param {() => void} change  may hide what is in focus there
 * @param {() => void} fallBack  gives the focus to something else
 */
export function keepingFocus(within, change, fallBack) {
  const root = /** @type {ShadowRoot | Document} */ (within.getRootNode());
  const focused = root.activeElement ?? null;
  const here = focused !== null && within.contains(focused);
  change();
  if (here && focused.closest('[hidden]')) fallBack();
}

/**
 * Whether the focus may be moved: nobody has it, or somebody next to the element.
 *
 * @param {Element} element
 */
export function mayTakeFocus(element) {
  const { activeElement } = document;
  const root = /** @type {ShadowRoot | Document} */ (element.getRootNode());
  return activeElement === null || activeElement === document.body || root.activeElement !== null;
}

/**
 * Writes only what differs: an unchanged text disturbs neither a selection nor a screen reader.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
