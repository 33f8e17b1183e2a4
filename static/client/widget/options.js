/** What the element's attributes ask for. Read when it is needed, so that a page may change them at any time. */

const UNITS = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const SIZE = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i;

/**
 * @typedef {object} Options
 * @property {string[]} types  as in `accept`: `.csv`, `image/*`, `application/pdf`; none: all
 * @property {number | null} maxSize  bytes
 * @property {number | null} minSize  bytes
 * @property {number | null} maxFiles
 * @property {string | undefined} policy
 * @property {boolean} folders  whether folders may be chosen
 * @property {boolean} wholePage  whether files dropped or pasted anywhere on the page are taken
 */

/**
 * @param {Element} element
 * @returns {Options}
 */
export function readOptions(element) {
  const maxFiles = readCount(element, 'max-files');
  return {
    types: readTypes(element),
    maxSize: readSize(element, 'max-size'),
    minSize: readSize(element, 'min-size'),
    maxFiles,
    policy: element.getAttribute('policy') ?? undefined,
    folders: !element.hasAttribute('no-folders') && maxFiles !== 1,
    wholePage: element.hasAttribute('whole-page'),
  };
}

/**
 * @param {string} text  `1500000`, `1.5 MB`, `2GiB`
 * @returns {number | null} bytes; null where it says none
 */
export function parseSize(text) {
  const [, amount = '', unit = ''] = SIZE.exec(text) ?? [];
  const factor = /** @type {Record<string, number>} */ (UNITS)[unit.toLowerCase()];
  return amount === '' || factor === undefined ? null : Math.floor(Number(amount) * factor);
}

/** @param {Element} element */
function readTypes(element) {
  const listed = (element.getAttribute('accept') ?? '').split(',');
  return listed.map((type) => type.trim().toLowerCase()).filter((type) => type !== '');
}

/**
 * @param {Element} element
 * @param {string} name
 */
function readSize(element, name) {
  const text = element.getAttribute(name);
  if (text === null) return null;
  const size = parseSize(text);
  if (size === null)
    throw new TypeError(`${name}="${text}": write a size as in "1500000", "1.5 MB" or "2 GiB"`);
  return size;
}

/**
 * @param {Element} element
 * @param {string} name
 */
function readCount(element, name) {
  const text = element.getAttribute(name);
  if (text === null) return null;
  if (!/^[1-9]\d*$/.test(text.trim())) throw new TypeError(`${name}="${text}": write a whole number from 1`);
  return Number(text);
}
