/** The upload page: one widget, in its visitor's language. */

/** @import { CoordinatorUpload } from '../client/widget/index.js' */

import { soon } from '../client/widget/soon.js';
import { Words } from '../client/widget/words.js';
import { strings } from './strings.js';

const widget = /** @type {CoordinatorUpload} */ (document.getElementById('widget'));
const language = chooseLanguage();
const words = new Words(language, {});
const { title, intro } = strings[/** @type {keyof typeof strings} */ (language.slice(0, 2))];

trustOwnWorkers();
document.documentElement.lang = language;
document.documentElement.dir = words.direction;
say('title', title);
say('intro', intro);
document.title = title;
const showSoon = soon(showProgress);
for (const news of ['state', 'progress']) widget.addEventListener(news, showSoon);
// the widget looks around for its language once it is there
import('../client/widget/index.js');

/** `?lang=de` in the address, else what the browser's user reads. */
function chooseLanguage() {
  const asked = new URLSearchParams(globalThis.location.search).get('lang') ?? '';
  const spoken = [asked, ...navigator.languages].find(
    (tag) => Object.hasOwn(strings, tag.slice(0, 2)) && isTag(tag),
  );
  return spoken ?? 'en';
}

/**
 * An address may say anything.
 *
 * @param {string} tag
 */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/**
 * @param {string} id
 * @param {string} text
 */
function say(id, text) {
  const element = document.getElementById(id);
  if (element) element.textContent = text;
}

function showProgress() {
  const { fraction } = widget.progress;
  document.title = widget.active ? `${words.percent(fraction)} · ${title}` : title;
}

/** The page's policy lets no text become code; the engine's own workers are files of this origin. */
function trustOwnWorkers() {
  const { trustedTypes } = /** @type {{ trustedTypes?: any }} */ (globalThis);
  trustedTypes?.createPolicy('default', {
    createScriptURL: (/** @type {string} */ url) =>
      new URL(url, globalThis.location.href).origin === globalThis.location.origin ? url : null,
  });
}
