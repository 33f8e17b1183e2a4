/** Texts, numbers, sizes and times in one language. */

/** @import { Text } from './strings/en.js' */

import { strings as english } from './strings/en.js';

/** @typedef {keyof typeof english} Key */
/** @typedef {Partial<Record<Key, Text>>} Strings */

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);
const MARKS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export class Words {
  #strings;
  #plurals;
  /** @type {Map<string, any>} making one is slow */
  #formats = new Map();

  /**
   * @param {string} language  a BCP 47 tag
   * @param {Strings} strings
   */
  constructor(language, strings) {
    /** @readonly */
    this.language = language;
    /** @readonly @type {'ltr' | 'rtl'} */
    this.direction = directionOf(language);
    this.#strings = strings;
    this.#plurals = new Intl.PluralRules(language);
  }

  /**
   * @param {Key} key
   * @param {Record<string, string | number>} [values]  numbers are written as the language does
   */
  say(key, values = {}) {
    const text = this.#strings[key] ?? english[key];
    const form = typeof text === 'string' ? text : this.#form(text, Number(values.count));
    return form.replaceAll(/\{(\w+)\}/g, (whole, name) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? this.number(value) : value;
    });
  }

  /** @param {number} value */
  number(value) {
    return this.#format('count', {}).format(value);
  }

  /** @param {number} fraction  of one; rounded down, so that 100 % means all of it */
  percent(fraction) {
    return this.#format('percent', { style: 'percent' }).format(Math.floor(fraction * 100) / 100);
  }

  /** @param {number} bytes  said in decimal units, as storage is sold, in three digits at most */
  size(bytes) {
    const { unit, value } = scaled(bytes);
    return this.#unit(unit, value, fractionDigits(unit, value));
  }

  /** @param {number} bytesPerSecond */
  speed(bytesPerSecond) {
    const { unit, value } = scaled(bytesPerSecond);
    return this.#unit(`${unit}-per-second`, value, fractionDigits(unit, value));
  }

  /**
   * Coarse on purpose: an estimate to the second would flicker.
   *
   * @param {number} seconds
   */
  timeLeft(seconds) {
    if (seconds < 5) return this.say('fewSeconds');
    if (seconds >= DAY) return this.say('moreThanADay');
    return this.say('left', { time: this.#duration(seconds) });
  }

  /**
   * @param {string} time  RFC 3339
   * @param {number} now  milliseconds since 1970
   */
  expiry(time, now) {
    const seconds = (Date.parse(time) - now) / 1000;
    if (seconds < MINUTE) return this.say('expiresNow');
    const format = this.#kept('expiry', () => new Intl.RelativeTimeFormat(this.language));
    if (seconds < HOUR)
      return this.say('expires', { when: format.format(Math.round(seconds / MINUTE), 'minute') });
    if (seconds < 2 * DAY)
      return this.say('expires', { when: format.format(Math.round(seconds / HOUR), 'hour') });
    return this.say('expires', { when: format.format(Math.round(seconds / DAY), 'day') });
  }

  /** @param {string} time  RFC 3339 */
  date(time) {
    const style = /** @type {const} */ ({ dateStyle: 'medium', timeStyle: 'short' });
    const format = this.#kept('date', () => new Intl.DateTimeFormat(this.language, style));
    return format.format(new Date(time));
  }

  /** @param {string[]} names */
  list(names) {
    return new Intl.ListFormat(this.language, { type: 'conjunction' }).format(names);
  }

  /** @param {number} seconds */
  #duration(seconds) {
    if (seconds < MINUTE) return this.#unit('second', Math.ceil(seconds / 5) * 5, 0);
    const minutes = Math.round(seconds / MINUTE);
    if (minutes < 60) return this.#unit('minute', minutes, 0);
    const both = [this.#unit('hour', Math.floor(minutes / 60), 0), this.#unit('minute', minutes % 60, 0)];
    const style = /** @type {const} */ ({ type: 'unit', style: 'short' });
    return this.#kept('duration', () => new Intl.ListFormat(this.language, style)).format(both);
  }

  /**
   * @param {string} unit
   * @param {number} value
   * @param {number} digits
   */
  #unit(unit, value, digits) {
    // the short form of bytes is "byte" in the singular
    const unitDisplay = unit === 'byte' ? 'long' : 'short';
    const options = /** @type {const} */ ({ style: 'unit', unit, unitDisplay });
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return this.#format(`${unit}.${digits}`, { ...options, ...fixed }).format(value);
  }

  /**
   * @param {string} name
   * @param {Intl.NumberFormatOptions} options
   */
  #format(name, options) {
    return this.#kept(name, () => new Intl.NumberFormat(this.language, options));
  }

  /**
   * @template T
   * @param {string} name
   * @param {() => T} create
   * @returns {T}
   */
  #kept(name, create) {
    const kept = this.#formats.get(name) ?? create();
    this.#formats.set(name, kept);
    return kept;
  }

  /**
   * @param {Exclude<Text, string>} forms
   * @param {number} count
   */
  #form(forms, count) {
    return forms[this.#plurals.select(count)] ?? forms.other;
  }
}

/**
 * @param {string} language  a BCP 47 tag
 * @returns {'ltr' | 'rtl'}
 */
function directionOf(language) {
  return RIGHT_TO_LEFT.has(new Intl.Locale(language).language) ? 'rtl' : 'ltr';
}

/**
 * A file's name as it may be shown: marks that turn its direction, and control characters, are seen, so that
 * `photo[mark]gpj.exe` does not pass for a picture.
 *
 * @param {string} name
 */
export function shownName(name) {
  return name.replaceAll(MARKS, '\ufffd');
}

/**
 * A foreign text inside a sentence, so that its writing direction does not turn the sentence around.
 *
 * @param {string} text
 */
export function isolated(text) {
  return `\u2068${shownName(text)}\u2069`;
}

/** @param {number} bytes */
function scaled(bytes) {
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return { unit: /** @type {string} */ (UNITS[step]), value };
}

/**
 * @param {string} unit
 * @param {number} value
 */
function fractionDigits(unit, value) {
  return unit === 'byte' || value >= 99.95 ? 0 : 1;
}
