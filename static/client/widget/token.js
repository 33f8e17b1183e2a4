/** Where the widget's token comes from: what the page gave, else `token-url`, else whoever sits in front of it. */

/** @import { TokenSource } from '../credential.js' */

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
 * @param {string} url  answers with the token as text, or as JSON like `/v1/tokens` does
 * @throws {Error} what it answered instead
 */
async function fetchToken(url) {
  const answer = await fetch(url, { cache: 'no-store', credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`the address for upload tokens answered ${answer.status}`);
  const text = (await answer.text()).trim();
  return text.startsWith('{') ? String(JSON.parse(text).token) : text;
}
