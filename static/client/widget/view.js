/** Everything that is seen of the widget, in one language. Drawn anew when the language changes. */

/** @import { UploadTask } from '../task.js' */
/** @import { Uploader } from '../uploader.js' */
/** @import { Seating } from './files_panel.js' */
/** @import { Found } from './intake/find.js' */
/** @import { Options } from './options.js' */
/** @import { Scene } from './scene.js' */
/** @import { Tally } from './tally.js' */
/** @import { Words } from './words.js' */

import { AccessForm } from './access.js';
import { Announcer } from './announcer.js';
import { ChoosePanel } from './choose_panel.js';
import { make } from './dom.js';
import { FilesPanel } from './files_panel.js';
import { explain } from './problems.js';
import { Question } from './question.js';
import { UnfinishedPanel } from './unfinished_panel.js';

/**
 * @typedef {object} Stage
 * @property {HTMLElement} host
 * @property {Uploader} uploader
 * @property {Tally} tally
 * @property {Words} words
 * @property {() => Options} options
 * @property {WeakMap<object, string>} folders
 * @property {(found: Found[]) => void} onFound
 * @property {Seating | null} seating  of the view before
 */

export class View {
  #stop = new AbortController();
  #scene;
  #offline;
  #access;
  #unfinished;
  #choose;
  #files;
  /** @type {Set<UploadTask>} for an unfinished upload that stands in the way */
  #refused = new Set();

  /** @param {Stage} stage */
  constructor({ host, uploader, tally, words, options, folders, onFound, seating }) {
    const { signal } = this.#stop;
    const announcer = new Announcer(words, tally);
    const question = new Question(words);
    /** @type {Scene} */
    this.#scene = { uploader, words, options, question, announcer, folders, signal };
    const fallBack = () => this.focus();
    this.#offline = make('p', { id: 'offline', class: 'notice', part: 'notice', hidden: true });
    this.#access = new AccessForm(words, announcer, fallBack);
    this.#unfinished = new UnfinishedPanel(this.#scene, fallBack);
    this.#choose = new ChoosePanel(this.#scene, host, (found, isRest) => {
      this.#files.expect(isRest);
      onFound(found);
    });
    this.#files = new FilesPanel(this.#scene, tally, fallBack, seating);
    this.element = make(
      'div',
      {
        class: 'frame',
        part: 'frame',
        role: 'group',
        'aria-label': words.say('region'),
        lang: words.language,
        dir: words.direction,
      },
      this.#access.element,
      this.#unfinished.element,
      this.#choose.element,
      this.#files.element,
      this.#offline,
      announcer.element,
      question.element,
    );
    this.#listen();
  }

  #listen() {
    const { signal } = this.#stop;
    const show = () => this.#showNetwork();
    for (const change of ['online', 'offline']) window.addEventListener(change, show, { signal });
    show();
    const resized = new ResizeObserver(() => this.#files.resized());
    resized.observe(this.element);
    signal.addEventListener('abort', () => resized.disconnect());
    this.#unfinished.refresh();
  }

  /**
   * Nothing of it listens any more.
   *
   * @returns {Seating} for the view that takes its place
   */
  end() {
    this.#stop.abort();
    this.element.remove();
    return this.#files.seating;
  }

  focus() {
    this.#choose.focus();
  }

  choose() {
    return this.#choose.choose();
  }

  askForToken() {
    return this.#access.ask();
  }

  /** The attributes have changed. */
  optionsChanged() {
    this.#choose.show();
  }

  /** @param {UploadTask} task */
  added(task) {
    this.#files.add(task);
  }

  /** @param {UploadTask} task  that the uploader has forgotten */
  removed(task) {
    this.#files.removed(task);
    this.#unfinished.showSoon();
  }

  /** @param {UploadTask} task */
  moved(task) {
    this.#files.moved(task);
    this.#scene.announcer.progress(task);
  }

  /**
   * @param {UploadTask} task  whose parts take another way, or that another tab began to send
   * @param {'path' | 'elsewhere'} news
   */
  rerouted(task, news) {
    this.#files.moved(task);
    this.#scene.announcer[news](task);
  }

  /** @param {UploadTask} task */
  changed(task) {
    const { announcer, words } = this.#scene;
    this.#files.changed(task);
    announcer.state(task, task.state === 'failed' ? explain(words, task.error) : null);
    if (task.state === 'cancelled' && task.upload && !task.elsewhere) this.#unfinished.forget(task.upload);
    else if (this.#changesUnfinished(task)) this.#unfinished.refresh();
    else this.#unfinished.showSoon();
  }

  /**
   * Whether the coordinator's list is another: one is now known that may have been begun elsewhere, or it went. Or it
   * could not be had, and now the coordinator answers.
   *
   * @param {UploadTask} task
   */
  #changesUnfinished(task) {
    const { state, standing } = task;
    if (state === 'failed' && standing) {
      this.#refused.add(task);
      return true;
    }
    return state === 'uploading' && (this.#refused.delete(task) || this.#unfinished.isUnknown);
  }

  #showNetwork() {
    const { announcer, words } = this.#scene;
    this.#offline.hidden = navigator.onLine;
    this.#offline.textContent = navigator.onLine ? '' : words.say('offline');
    // what was hidden until now is a live region for few screen readers
    if (!navigator.onLine) announcer.say(words.say('offline'));
    this.#files.refresh();
  }
}
