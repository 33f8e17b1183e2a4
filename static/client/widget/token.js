/** Where the widget's token comes from: what the page gave, else `token-url`, else whoever sits in front of it. */

/** @import { TokenSource } from '../credential.js' */

import { CoordinatorError, unreachable } from '../errors.js';

const TIMEOUT_MS = 30_000;
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * @typedef {object} Sources
 * @property {() => string | TokenSource | null} given  the property `token`
 * @property {() => string | null} url
 * @property {() => Promise<string> | null} ask  null: the page does not want that
 */

/**
 * @param {Sources} sources
 * @returns {TokenSource}
 */
export function tokenSource({ given, url, ask }) {
  return (why) => {
    const token = given();
    if (typeof token === 'function') return token(why);
    if (token !== null) return token;
    const address = url();
    if (address !== null) return fetchToken(address);
    // a service without tokens is first asked without one
    return why.refused ? (ask() ?? null) : null;
  };
}

/**
 * Whether a header can carry it; a login form's page is none.
 *
 * @param {string} text
 */
export function isToken(text) {
  return TOKEN.test(text);
}

/**
 * @param {string} url  answers with the token as text, or as JSON like `/v1/tokens` does
 * @returns {Promise<string>}
 * @throws {CoordinatorError} it refuses, answers with something else, or not at all, or not in time
 */
async function fetchToken(url) {
  const { status, text } = await answerOf(url).catch(() => {
    throw unreachable();
  });
  if (status < 200 || status > 299) throw refusal(status, `The address for upload tokens answered ${status}.`);
  const token = read(text);
  if (!isToken(token)) throw refusal(403, 'The address for upload tokens answered without a token.');
  return token;
}

/** @param {string} url */
async function answerOf(url) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(url, { cache: 'no-store', credentials: 'same-origin', signal });
  return { status: answer.status, text: (await answer.text()).trim() };
}

/** @param {string} text */
function read(text) {
  if (!text.startsWith('{')) return text;
  try {
    return String(JSON.parse(text).token ?? '');
  } catch {
    return '';
  }
}

/**
 * @param {number} status
 * @param {string} detail
 */
function refusal(status, detail) {
  if (status !== 401 && status !== 403) return new CoordinatorError(status, { detail });
  // a 401 of the coordinator would have it asked again
  return new CoordinatorError(403, { code: 'unauthenticated', detail });
}
