/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * A copy of a template's one element, and its named parts.
 *
 * @param {string} id
 */
export function fromTemplate(id) {
  const { content } = /** @type {HTMLTemplateElement} */ (byId(id));
  const element = /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true));
  /**
   * @template {HTMLElement} [T=HTMLElement]
   * @param {string} name
   * @returns {T}
   */
  const part = (name) => /** @type {T} */ (element.querySelector(`[data-part="${name}"]`));
  return { element, part };
}

/**
 * @param {HTMLElement} bar
 * @param {number} fraction
 */
export function fill(bar, fraction) {
  bar.style.setProperty('--fraction', fraction.toFixed(4));
}
