/**
 * Time that passes only when nothing else can happen: `until` lets all pending promises run, and when the
 * condition still does not hold, jumps to the next timer. No test ever waits.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers';

/** @import { Surroundings } from '../../static/client/surroundings.js' */

const MOST_STEPS = 20_000;

/** @implements {Surroundings} */
export class VirtualSurroundings {
  #time = Date.parse('2026-01-01T00:00:00Z');
  /** @type {Set<{ at: number, call: () => void }>} */
  #timers = new Set();
  /** @type {Set<() => void>} */
  #listeners = new Set();
  isOnline = true;
  dice = 0.5;

  now = () => this.#time;
  random = () => this.dice;
  online = () => this.isOnline;
  alpn = '';
  protocol = () => this.alpn;

  /** @type {Surroundings['after']} */
  after = (ms, call) => {
    const timer = { at: this.#time + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** @type {Surroundings['whenOnline']} */
  whenOnline = (call) => {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  };

  /** Whether somebody waits for the network. */
  get isAwaited() {
    return this.#listeners.size > 0;
  }

  goOnline() {
    this.isOnline = true;
    const calls = [...this.#listeners];
    this.#listeners.clear();
    for (const call of calls) call();
  }

  /** @param {number} ms */
  advance(ms) {
    const end = this.#time + ms;
    for (;;) {
      const next = this.#next();
      if (!next || next.at > end) break;
      this.#fire(next);
    }
    this.#time = end;
  }

  /** Lets every promise run that can run without time passing. File reads of Node need a few turns. */
  async settle() {
    for (let turn = 0; turn < 25; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * @param {() => unknown} condition
   * @param {string} [what]
   */
  async until(condition, what = String(condition)) {
    for (let step = 0; step < MOST_STEPS; step += 1) {
      await this.settle();
      if (condition()) return;
      const next = this.#next();
      if (next) this.#fire(next);
    }
    assert.fail(`never happened: ${what}`);
  }

  #next() {
    return [...this.#timers].sort((one, other) => one.at - other.at)[0];
  }

  /** @param {{ at: number, call: () => void }} timer */
  #fire(timer) {
    this.#timers.delete(timer);
    this.#time = Math.max(this.#time, timer.at);
    timer.call();
  }
}
