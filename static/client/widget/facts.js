/** A task's numbers as a line of text. */

/** @import { UploadTask } from '../task.js' */
/** @import { Total } from './tally.js' */
/** @import { Words } from './words.js' */

/**
 * What follows the state's word.
 *
 * @param {Words} words
 * @param {UploadTask} task
 */
export function rowFacts(words, { state, progress, file, troubled }) {
  const { bytesSent, bytesTotal, bytesPerSecond, secondsLeft } = progress;
  if (state === 'completed' || state === 'cancelled' || bytesSent === 0) {
    const size = file.size ?? bytesTotal;
    return joined([size === null ? null : words.size(size)]);
  }
  const moving = state === 'uploading' && !troubled && hasNetwork();
  return joined([
    bytesTotal === null
      ? words.size(bytesSent)
      : words.say('sentOf', { sent: words.size(bytesSent), total: words.size(bytesTotal) }),
    moving && bytesPerSecond !== null ? words.speed(bytesPerSecond) : null,
    moving && secondsLeft !== null ? words.timeLeft(secondsLeft) : null,
  ]);
}

/**
 * The parts' map in words, and the way that parts take.
 *
 * @param {Words} words
 * @param {UploadTask} task
 */
export function wayFacts(words, { state, path, parts, elsewhere }) {
  const count = parts?.count ?? 0;
  const moving = state === 'uploading';
  const said = [];
  if (parts && count > 1) said.push(words.say('partsDone', { done: parts.done.size, count }));
  if (parts && count > 1 && moving) said.push(words.say('partsFlying', { count: parts.flying.size }));
  if (elsewhere) said.push(words.say('elsewhere'));
  else if (moving && path === 'relay') said.push(words.say('pathRelay'));
  else if (moving && count > 1) said.push(words.say('pathDirect'));
  return said.join(' · ');
}

/**
 * @param {Words} words
 * @param {Total} total
 */
export function totalFacts(words, { files, completed, failed, bytesSent, bytesTotal, secondsLeft }) {
  const whole = bytesSent === 0 || bytesSent === bytesTotal;
  return [
    words.say('completeOf', { done: completed, count: files }),
    whole
      ? words.size(bytesTotal)
      : words.say('sentOf', { sent: words.size(bytesSent), total: words.size(bytesTotal) }),
    failed > 0 ? words.say('failedCount', { count: failed }) : null,
    secondsLeft === null || !hasNetwork() ? null : words.timeLeft(secondsLeft),
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
}

/** Without one, how fast it was tells nothing of how long it takes. */
function hasNetwork() {
  return globalThis.navigator?.onLine !== false;
}

/** @param {(string | null)[]} facts */
function joined(facts) {
  return facts.map((fact) => (fact === null ? '' : ` · ${fact}`)).join('');
}
