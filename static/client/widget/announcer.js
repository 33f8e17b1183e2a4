/**
 * Tells a screen reader how uploads go, at coarse steps: a quarter more, the states that matter, trouble, and a
 * slower way. With many files under way only failures, and the quarters of the whole: a list read aloud helps nobody.
 */

/** @import { UploadTask } from '../task.js' */
/** @import { Tally, Total } from './tally.js' */
/** @import { Key, Words } from './words.js' */

import { make } from './dom.js';
import { shownName } from './words.js';

const STEP = 0.25;
const FEW = 3;
const GATHER_MS = 200;
const MOST_AT_ONCE = 3;

/** @type {Partial<Record<UploadTask['state'], Key>>} */
const NEWS = {
  paused: 'newsPaused',
  completed: 'newsCompleted',
  cancelled: 'newsCancelled',
};

export class Announcer {
  #words;
  #tally;
  /** @type {string[]} what is told but once, or asks for something */
  #grave = [];
  /** @type {string[]} */
  #waiting = [];
  #added = 0;
  #gathers = false;
  /** @type {WeakMap<UploadTask, number>} the quarter that was told last */
  #told = new WeakMap();
  #toldOfAll = 0;
  /** @type {WeakSet<UploadTask>} whose trouble was told; again once it is a quarter farther */
  #troubled = new WeakSet();
  #toldRelay = false;

  /**
   * @param {Words} words
   * @param {Tally} tally
   */
  constructor(words, tally) {
    this.#words = words;
    this.#tally = tally;
    this.element = make('p', { id: 'announcer', class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
  }

  /** @param {string} news  that quarters do not push out */
  say(news) {
    this.#grave.push(news);
    this.#gather();
  }

  /**
   * @param {UploadTask} task
   * @param {string} news
   */
  of({ file }, news) {
    this.say(this.#words.say('newsOf', { name: shownName(file.name), news }));
  }

  /** @param {number} count  a folder's files come a few hundred at a time */
  added(count) {
    this.#added += count;
    this.#gather();
  }

  /**
   * The way its parts take, where it is a slower one: it holds for the page, so it is told once.
   *
   * @param {UploadTask} task
   */
  path(task) {
    if (task.path !== 'relay' || this.#toldRelay) return;
    this.#toldRelay = true;
    this.of(task, this.#words.say('pathRelay'));
  }

  /** @param {UploadTask} task  that another tab sends, or does no more */
  elsewhere(task) {
    if (task.elsewhere && this.#tally.read().files <= FEW) this.of(task, this.#words.say('elsewhere'));
  }

  /** @param {UploadTask} task */
  progress(task) {
    const total = this.#tally.read();
    if (total.files > FEW) {
      this.#quarterOfAll(total);
      return;
    }
    this.#trouble(task);
    const step = quarter(task.progress.fraction);
    if (task.state !== 'uploading' || step <= (this.#told.get(task) ?? 0)) return;
    this.#told.set(task, step);
    this.#troubled.delete(task);
    this.#mention(
      this.#words.say('newsAt', { name: shownName(task.file.name), percent: this.#words.percent(step) }),
    );
  }

  /** @param {string} news */
  #mention(news) {
    this.#waiting.push(news);
    this.#gather();
  }

  /** @param {UploadTask} task */
  #trouble(task) {
    if (task.state !== 'uploading' || !task.troubled || this.#troubled.has(task)) return;
    this.#troubled.add(task);
    this.of(task, this.#words.say('tryingAgain'));
  }

  /**
   * @param {UploadTask} task
   * @param {string | null} problem
   */
  state(task, problem) {
    const name = shownName(task.file.name);
    const total = this.#tally.read();
    if (problem !== null) this.say(this.#words.say('newsFailed', { name, reason: problem }));
    const key = NEWS[task.state];
    if (key && total.files <= FEW) this.#mention(this.#words.say(key, { name }));
    if (total.files > 1 && (task.state === 'completed' || task.state === 'failed')) this.#end(total);
  }

  /**
   * Nothing is on its way any more: how it ended, in one line.
   *
   * @param {Total} total
   */
  #end({ files, completed, failed, active, paused }) {
    const words = this.#words;
    if (completed === files) this.say(words.say('newsAll', { count: files }));
    else if (active + paused === 0 && failed > 0)
      this.say(
        `${words.say('completeOf', { done: completed, count: files })}, ${words.say('failedCount', { count: failed })}`,
      );
  }

  /** @param {Total} total */
  #quarterOfAll({ files, completed, fraction }) {
    const step = quarter(fraction);
    // more files were added: the whole is farther again
    if (step < this.#toldOfAll) this.#toldOfAll = step;
    if (step === this.#toldOfAll || step === 1) return;
    this.#toldOfAll = step;
    const percent = this.#words.percent(step);
    this.#mention(this.#words.say('newsTotal', { done: completed, count: files, percent }));
  }

  /** Several at once would each cut off the one before. */
  #gather() {
    if (this.#gathers) return;
    this.#gathers = true;
    window.setTimeout(() => this.#speak(), GATHER_MS);
  }

  #speak() {
    this.#gathers = false;
    if (this.#added > 0) this.#waiting.unshift(this.#words.say('newsAdded', { count: this.#added }));
    const grave = this.#grave.slice(-MOST_AT_ONCE);
    const least = Math.max(0, this.#waiting.length + grave.length - MOST_AT_ONCE);
    this.element.textContent = [...this.#waiting.slice(least), ...grave].join('. ');
    this.#grave = [];
    this.#waiting = [];
    this.#added = 0;
  }
}

/** @param {number} fraction */
function quarter(fraction) {
  return Math.floor(fraction / STEP) * STEP;
}
