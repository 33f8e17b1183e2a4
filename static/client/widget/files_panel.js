/** The files on their way, all of them together, and what may be done with all of them. */

/** @import { UploadTask } from '../task.js' */
/** @import { Action } from './face.js' */
/** @import { Scene } from './scene.js' */
/** @import { Tally } from './tally.js' */

import { act, mayCancelAll } from './actions.js';
import { allActions } from './all_actions.js';
import { button, keepingFocus, make, setAttribute, setText } from './dom.js';
import { totalFacts } from './facts.js';
import { explain } from './problems.js';
import { Row } from './row.js';
import { inSlices } from './slices.js';
import { soon } from './soon.js';
import { cancelAll, pauseAll, resumeAll } from './together.js';

/**
 * @typedef {object} Seating  in the order of the list
 * @property {UploadTask[]} seen
 * @property {UploadTask[]} unseen
 * @property {number} room
 */

/** Rows that are drawn at first, and with each "more": a folder may hold ten thousand files. */
const BATCH = 100;
/** Of those that are added at once, at least so many are seen, however full the list is. */
const FEW = 50;
const ENDED = new Set(['completed', 'cancelled']);
const WAITING = new Set(['waiting', 'paused']);
const FAILED = new Set(['failed']);
const CANCELLABLE = new Set(['waiting', 'preparing', 'uploading', 'paused', 'failed']);

export class FilesPanel {
  #scene;
  #tally;
  #onEmptied;
  /** @type {Map<UploadTask, Row>} */
  #rows = new Map();
  /** @type {Set<UploadTask>} without a row yet, in order */
  #unseen = new Set();
  /** @type {UploadTask[]} added in this moment */
  #coming = [];
  /** Whether these are not the first of those that were chosen together. */
  #comesRest = false;
  #room = BATCH;
  #list = make('ul', { id: 'file-list', class: 'card list', part: 'list' });
  #summary = make('p', { id: 'files-summary', class: 'summary', part: 'summary' });
  #fill = make('div', { class: 'bar-fill', part: 'bar-fill' });
  #bar;
  #more = button('', 'quiet', { id: 'show-more', hidden: true });
  #all;
  #showTotalSoon;

  /**
   * @param {Scene} scene
   * @param {Tally} tally
   * @param {() => void} onEmptied  the focus has nowhere to go here
   * @param {Seating | null} seating  of the panel that stood here before
   */
  constructor(scene, tally, onEmptied, seating) {
    const { words, uploader } = scene;
    this.#scene = scene;
    this.#tally = tally;
    this.#onEmptied = onEmptied;
    this.#showTotalSoon = soon(() => this.#settle(), scene.signal);
    const label = {
      role: 'progressbar',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-label': words.say('total'),
    };
    this.#bar = make('div', { class: 'bar', part: 'bar total-bar', id: 'total', ...label }, this.#fill);
    this.#all = allActions(words);
    const title = make('h2', { id: 'files-title' }, words.say('files'));
    this.element = make(
      'section',
      { id: 'files', class: 'section', part: 'files', 'aria-labelledby': 'files-title', hidden: true },
      make('div', { class: 'section-head' }, title, this.#summary),
      this.#bar,
      make('div', { class: 'all-actions', part: 'all-actions' }, ...Object.values(this.#all)),
      this.#list,
      this.#more,
    );
    this.#listen();
    this.#seatAgain(uploader.uploads, seating ?? { seen: [], unseen: [], room: BATCH });
  }

  /** @returns {Seating} */
  get seating() {
    const seen = this.#seen().map(({ task }) => task);
    return { seen, unseen: [...this.#unseen], room: this.#room };
  }

  #listen() {
    const { pause, resume, cancel, clear } = this.#all;
    pause.addEventListener('click', () => this.#withAll(pauseAll));
    resume.addEventListener('click', () => this.#withAll(resumeAll));
    cancel.addEventListener('click', () => this.#cancelAll());
    clear.addEventListener('click', () => this.#clearEnded());
    this.#more.addEventListener('click', () => this.#showMore());
  }

  /** @param {boolean} isRest  what is added next belongs to what was added just before */
  expect(isRest) {
    this.#comesRest = isRest;
  }

  /** @param {UploadTask} task  in the order in which they were added */
  add(task) {
    if (this.#coming.length === 0) queueMicrotask(() => this.#welcome());
    this.#coming.push(task);
  }

  /** @param {UploadTask} task */
  changed(task) {
    if (task.state === 'failed') this.#seatFailed(task);
    this.#rows.get(task)?.show();
    this.#showTotalSoon();
  }

  /** @param {UploadTask} task */
  moved(task) {
    this.#rows.get(task)?.showProgress();
    this.#showTotalSoon();
  }

  /** The maps of parts are as wide as there is room. */
  resized() {
    for (const row of this.#rows.values()) row.showProgress();
  }

  /** What is shown of it depends on more than the tasks: the network came or went. */
  refresh() {
    this.resized();
    this.#showTotal();
  }

  #welcome() {
    this.#scene.announcer.added(this.#coming.length);
    this.#seat();
  }

  /**
   * Gives what was added its rows, newest first, in the order of its own. A full list makes room at its bottom. A
   * folder comes in goes of hundreds: the later ones neither push out its first files, which are sent first, nor go
   * before them.
   */
  #seat() {
    const isRest = this.#comesRest;
    const free = Math.max(0, this.#room - this.#rows.size);
    const ended = isRest ? [] : this.#spare(ENDED);
    const seated = this.#coming.slice(0, Math.max(free + ended.length, isRest ? 0 : FEW));
    const spare = [...ended, ...this.#spare(WAITING)].slice(0, Math.max(0, seated.length - free));
    const tooMany = this.#rows.size - spare.length + seated.length - this.#room - BATCH;
    this.#unseat([...spare, ...this.#spare(FAILED).slice(0, Math.max(0, tooMany))]);
    for (const task of this.#coming.slice(seated.length)) this.#unseen.add(task);
    this.#coming = [];
    this.#comesRest = false;
    const rows = seated.map((task) => this.#rowOf(task));
    const elements = rows.map(({ element }) => element);
    if (isRest) this.#list.append(...elements);
    else this.#list.prepend(...elements);
    for (const row of rows) row.showProgress();
    this.#showTotal();
  }

  /**
   * Drawn anew, the list stands as it stood; and what failed meanwhile is seen.
   *
   * @param {UploadTask[]} uploads
   * @param {Seating} before
   */
  #seatAgain(uploads, { seen, unseen, room }) {
    const left = new Set(uploads);
    const rows = seen.filter((task) => left.delete(task)).map((task) => this.#rowOf(task));
    this.#room = room;
    this.#list.append(...rows.map(({ element }) => element));
    for (const task of unseen) if (left.delete(task)) this.#unseen.add(task);
    this.#coming = [...left];
    this.#seat();
    for (const task of [...this.#unseen]) if (task.state === 'failed') this.#seatFailed(task);
  }

  /**
   * Rows that may go for others, from the bottom.
   *
   * @param {Set<string>} states
   */
  #spare(states) {
    const may = (/** @type {Row} */ { task, element }) =>
      states.has(task.state) && !element.matches(':focus-within');
    return this.#seen().filter(may).reverse();
  }

  /** @param {Row[]} rows */
  #unseat(rows) {
    if (rows.length === 0) return;
    for (const { task, element } of rows) {
      element.remove();
      this.#rows.delete(task);
    }
    // they were above those that had no row
    this.#unseen = new Set([...rows.map(({ task }) => task).reverse(), ...this.#unseen]);
  }

  /** As they stand, from the top. */
  #seen() {
    const places = new Map([...this.#list.children].map((element, place) => [element, place]));
    const place = (/** @type {Row} */ { element }) => places.get(element) ?? 0;
    return [...this.#rows.values()].sort((one, other) => place(one) - place(other));
  }

  /**
   * What failed must be seen; of ten thousand, some.
   *
   * @param {UploadTask} task
   */
  #seatFailed(task) {
    if (this.#rows.size >= this.#room + BATCH || !this.#unseen.delete(task)) return;
    this.#list.append(this.#rowOf(task).element);
  }

  /** @param {UploadTask} task */
  #rowOf(task) {
    const row = new Row(task, this.#scene, (action, pressed) => this.#act(action, pressed));
    this.#rows.set(task, row);
    return row;
  }

  /**
   * @param {Action} action
   * @param {Row} row
   */
  #act(action, row) {
    if (action === 'clear') this.#scene.uploader.remove(row.task);
    else act(action, row.task, this.#scene).catch((error) => this.#complain(row, error));
  }

  /**
   * @param {Row} row
   * @param {unknown} error
   */
  #complain(row, error) {
    const { words, announcer } = this.#scene;
    const text = explain(words, error);
    row.complain(text);
    announcer.of(row.task, text);
  }

  /** @param {UploadTask} task */
  removed(task) {
    const element = this.#rows.get(task)?.element;
    const focused = element?.matches(':focus-within');
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    element?.remove();
    this.#rows.delete(task);
    this.#unseen.delete(task);
    this.#showTotalSoon();
    if (!focused) return;
    const heir = [...this.#rows.values()].find((row) => row.element === next);
    if (heir) heir.focus();
    else this.#onEmptied();
  }

  #settle() {
    this.#fillUp();
    this.#showTotal();
  }

  /** Those without a row take the places of those that went: without any, nothing of the panel would be seen. */
  #fillUp() {
    for (const task of this.#unseen) {
      if (this.#rows.size >= BATCH) return;
      this.#unseen.delete(task);
      this.#list.append(this.#rowOf(task).element);
    }
  }

  /** @param {(tasks: UploadTask[]) => Promise<void>} change */
  async #withAll(change) {
    await change(this.#scene.uploader.uploads);
    this.#showTotal();
  }

  async #cancelAll() {
    const tasks = this.#scene.uploader.uploads.filter(({ state }) => CANCELLABLE.has(state));
    if (!(await mayCancelAll(tasks, this.#scene))) return;
    await cancelAll(tasks);
  }

  async #clearEnded() {
    const ended = this.#scene.uploader.uploads.filter(({ state }) => ENDED.has(state));
    await inSlices(ended, (some) => {
      for (const task of some) this.#scene.uploader.remove(task);
    });
    this.#settle();
  }

  #showMore() {
    this.#room += BATCH;
    const unseen = [...this.#unseen];
    const failed = unseen.filter(({ state }) => state === 'failed');
    const coming = [...new Set([...failed, ...unseen])].slice(0, BATCH);
    const rows = coming.map((task) => this.#rowOf(task));
    for (const task of coming) this.#unseen.delete(task);
    this.#list.append(...rows.map(({ element }) => element));
    rows[0]?.focus();
    this.#showTotal();
  }

  #showTotal() {
    const { words } = this.#scene;
    const total = this.#tally.read();
    const { pause, resume, cancel, clear } = this.#all;
    const several = this.#rows.size + this.#unseen.size > 1;
    setText(this.#summary, totalFacts(words, total));
    const percent = Math.floor(total.fraction * 100);
    setAttribute(this.#bar, 'aria-valuenow', String(percent));
    setAttribute(this.#bar, 'aria-valuetext', words.percent(total.fraction));
    this.#fill.style.setProperty('--fraction', total.fraction.toFixed(4));
    this.#bar.hidden = !several || total.completed === total.files;
    const change = () => {
      this.element.hidden = this.#rows.size === 0;
      pause.hidden = !several || total.active === 0;
      resume.hidden = !several || total.resumable === 0;
      cancel.hidden = !several || total.active + total.paused + total.failed === 0;
      clear.hidden = !several || total.ended === 0;
      this.#more.hidden = this.#unseen.size === 0;
    };
    keepingFocus(this.element, change, () => this.#giveFocus());
    setText(this.#more, words.say('showMore', { count: Math.min(BATCH, this.#unseen.size) }));
  }

  /** To the first thing that can be done with all of them, else to a row. */
  #giveFocus() {
    const control = this.#rows.size > 0 ? Object.values(this.#all).find((one) => !one.hidden) : undefined;
    const [first] = this.#seen();
    if (control) control.focus();
    else if (first) first.focus();
    else this.#onEmptied();
  }
}
