/** Which language the widget speaks, and where its texts are. They are loaded when they are needed. */

/** @import { Strings } from './words.js' */

import { strings as english } from './strings/en.js';
import { Words } from './words.js';

/** @type {Record<string, () => Promise<Strings>>} */
const LANGUAGES = {
  ar: async () => (await import('./strings/ar.js')).strings,
  de: async () => (await import('./strings/de.js')).strings,
  en: async () => english,
  es: async () => (await import('./strings/es.js')).strings,
  fr: async () => (await import('./strings/fr.js')).strings,
};

/**
 * The element's own `lang`, else what is nearest around it (the page's), else what the browser's user reads.
 *
 * @param {Element} element
 * @returns {string[]} best first
 */
export function wantedLanguages(element) {
  const around = nearestLanguage(element);
  return around ? [around] : [...navigator.languages];
}

/**
 * @param {readonly string[]} wanted  BCP 47 tags, best first
 * @returns {Promise<Words>} of the first that is spoken; English where none is, or its texts do not load
 */
export async function loadWords(wanted) {
  for (const tag of wanted) {
    const spoken = languageOf(tag);
    const load = spoken === null ? undefined : LANGUAGES[spoken];
    const strings = await load?.().catch(() => null);
    if (strings) return new Words(tag, strings);
  }
  return new Words('en', english);
}

/** @param {Element | null} element */
function nearestLanguage(element) {
  for (let at = element; at; at = parentOf(at)) {
    const language = at.getAttribute('lang');
    if (language) return language;
  }
  return null;
}

/**
 * Out of a shadow tree, too.
 *
 * @param {Element} element
 */
function parentOf(element) {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** @param {string} tag */
function languageOf(tag) {
  try {
    return new Intl.Locale(tag).language;
  } catch {
    return null;
  }
}
