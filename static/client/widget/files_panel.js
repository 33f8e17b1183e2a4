/** The files on their way, all of them together, and what may be done with all of them. */

/** @import { UploadTask } from '../task.js' */
/** @import { Action } from './face.js' */
/** @import { Scene } from './scene.js' */
/** @import { Tally } from './tally.js' */

import { act, mayCancelAll } from './actions.js';
import { button, losesFocus, make, setAttribute, setText } from './dom.js';
import { totalFacts } from './facts.js';
import { explain } from './problems.js';
import { Row } from './row.js';
import { inSlices } from './slices.js';
import { soon } from './soon.js';
import { cancelAll, pauseAll, resumeAll } from './together.js';

/** Rows that are drawn at first, and with each "more": a folder may hold ten thousand files. */
const BATCH = 100;
const ENDED = new Set(['completed', 'cancelled']);
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
   */
  constructor(scene, tally, onEmptied) {
    const { words, uploader } = scene;
    this.#scene = scene;
    this.#tally = tally;
    this.#onEmptied = onEmptied;
    this.#showTotalSoon = soon(() => this.#showTotal(), scene.signal);
    const label = {
      role: 'progressbar',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-label': words.say('total'),
    };
    this.#bar = make('div', { class: 'bar', part: 'bar total-bar', id: 'total', ...label }, this.#fill);
    const add = (
      /** @type {string} */ id,
      /** @type {'pauseAll' | 'resumeAll' | 'cancelAll' | 'clearDone'} */ key,
    ) => button(words.say(key), 'quiet', { 'data-all': id });
    this.#all = {
      pause: add('pause', 'pauseAll'),
      resume: add('resume', 'resumeAll'),
      cancel: add('cancel', 'cancelAll'),
      clear: add('clear', 'clearDone'),
    };
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
    this.#coming = uploader.uploads;
    this.#seat();
  }

  #listen() {
    const { pause, resume, cancel, clear } = this.#all;
    pause.addEventListener('click', () => this.#withAll(pauseAll, pause));
    resume.addEventListener('click', () => this.#withAll(resumeAll, resume));
    cancel.addEventListener('click', () => this.#cancelAll());
    clear.addEventListener('click', () => this.#clearEnded());
    this.#more.addEventListener('click', () => this.#showMore());
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

  /** Gives what was added its rows, newest first, in the order of its own. */
  #seat() {
    const rows = [];
    for (const task of this.#coming) {
      if (this.#rows.size < this.#room) rows.push(this.#rowOf(task).element);
      else this.#unseen.add(task);
    }
    this.#coming = [];
    this.#list.prepend(...rows);
    for (const row of this.#rows.values()) if (rows.includes(row.element)) row.showProgress();
    this.#showTotal();
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
    if (action === 'clear') this.#clear(row.task);
    else act(action, row.task, this.#scene).catch((error) => row.complain(explain(this.#scene.words, error)));
  }

  /** @param {UploadTask} task */
  #clear(task) {
    const row = this.#rows.get(task);
    const next = row?.element.nextElementSibling ?? row?.element.previousElementSibling ?? null;
    this.#forget(task);
    this.#fillUp();
    const heir = [...this.#rows.values()].find(({ element }) => element === next);
    if (heir) heir.focus();
    else this.#onEmptied();
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

  /** @param {UploadTask} task */
  #forget(task) {
    this.#scene.uploader.remove(task);
    this.#tally.drop(task);
    this.#rows.get(task)?.element.remove();
    this.#rows.delete(task);
    this.#unseen.delete(task);
  }

  /**
   * @param {(tasks: UploadTask[]) => Promise<void>} change
   * @param {HTMLButtonElement} pressed
   */
  async #withAll(change, pressed) {
    await change(this.#scene.uploader.uploads);
    this.#showTotal();
    if (!pressed.hidden || !losesFocus(pressed)) return;
    const { pause, resume, cancel } = this.#all;
    ([pause, resume, cancel].find((one) => !one.hidden) ?? this.#list).focus();
  }

  async #cancelAll() {
    const tasks = this.#scene.uploader.uploads.filter(({ state }) => CANCELLABLE.has(state));
    if (!(await mayCancelAll(tasks, this.#scene))) return;
    await cancelAll(tasks);
  }

  async #clearEnded() {
    const ended = this.#scene.uploader.uploads.filter(({ state }) => ENDED.has(state));
    await inSlices(ended, (some) => {
      for (const task of some) this.#forget(task);
    });
    this.#fillUp();
    this.#showTotal();
    if (!losesFocus(this.#all.clear)) return;
    const [first] = this.#rows.values();
    if (first) first.focus();
    else this.#onEmptied();
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
    this.element.hidden = this.#rows.size === 0;
    setText(this.#summary, totalFacts(words, total));
    const percent = Math.floor(total.fraction * 100);
    setAttribute(this.#bar, 'aria-valuenow', String(percent));
    setAttribute(this.#bar, 'aria-valuetext', words.percent(total.fraction));
    this.#fill.style.setProperty('--fraction', total.fraction.toFixed(4));
    this.#bar.hidden = !several || total.completed === total.files;
    pause.hidden = !several || total.active === 0;
    resume.hidden = !several || total.resumable === 0;
    cancel.hidden = !several || total.active + total.paused + total.failed === 0;
    clear.hidden = !several || total.ended === 0;
    this.#more.hidden = this.#unseen.size === 0;
    setText(this.#more, words.say('showMore', { count: Math.min(BATCH, this.#unseen.size) }));
  }
}
