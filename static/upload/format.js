/** Numbers as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/**
 * Decimal units, as in storage; three digits at most.
 *
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** @param {number} bytesPerSecond */
export function formatSpeed(bytesPerSecond) {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/**
 * Coarse on purpose: an estimate to the second would flicker.
 *
 * @param {number} seconds
 */
export function formatTimeLeft(seconds) {
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3570) return `${Math.round(seconds / 60)} min left`;
  if (seconds < 86_400) return `${hours(seconds)} left`;
  return 'more than a day left';
}

/** @param {number} fraction */
export function formatPercent(fraction) {
  return `${Math.floor(fraction * 100)} %`;
}

/**
 * @param {string | null} time  RFC 3339
 * @param {number} now  milliseconds since 1970
 */
export function formatExpiry(time, now) {
  if (time === null) return null;
  const seconds = (Date.parse(time) - now) / 1000;
  if (Number.isNaN(seconds)) return null;
  if (seconds < 60) return 'expires any moment';
  if (seconds < 3600) return `expires in ${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `expires in ${Math.round(seconds / 3600)} h`;
  return `expires in ${Math.round(seconds / 86_400)} days`;
}

/**
 * A name inside a sentence, so that its writing direction does not turn the sentence around.
 *
 * @param {string} name
 */
export function isolated(name) {
  return `\u2068${name}\u2069`;
}

/** @param {number} seconds */
function hours(seconds) {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
