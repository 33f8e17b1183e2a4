/**
 * One's unfinished uploads, and how each goes on: at once where the browser kept a handle of the file, else with
 * the file that has to be chosen again. For tests and scripts: a row is `li[data-unfinished]` with
 * `data-upload-id`; its buttons carry `data-action` go-on, choose or discard.
 */

/** @import { Resumable } from '../resumable.js' */
/** @import { Upload } from '../types.js' */
/** @import { Scene } from './scene.js' */

import { explain } from './problems.js';
import { button, keepingFocus, make, setText } from './dom.js';
import { soon } from './soon.js';
import { isolated } from './words.js';
import { UnfinishedRow } from './unfinished_row.js';

/** Rows that are drawn at first: new files are chosen below them. */
const FEW = 5;
/** Rows that come with each "more". */
const BATCH = 50;

export class UnfinishedPanel {
  #scene;
  #onEmptied;
  /** @type {Resumable[]} */
  #known = [];
  /** @type {Set<string>} ids of those that ended since; an answer on its way may still hold them */
  #over = new Set();
  /** @type {Promise<void>} the last question to the coordinator */
  #asked = Promise.resolve();
  /** @type {Promise<void> | null} one that waits for its turn */
  #next = null;
  /** @type {Map<string, UnfinishedRow>} */
  #rows = new Map();
  #room = FEW;
  #more = button('', 'quiet', { id: 'show-more-unfinished', hidden: true });
  #list = make('ul', { id: 'unfinished-list', class: 'card list', part: 'list' });
  #problem = make('p', {
    id: 'unfinished-problem',
    class: 'problem',
    part: 'problem',
    role: 'alert',
    hidden: true,
  });

  /**
   * @param {Scene} scene
   * @param {() => void} onEmptied  the focus has nowhere to go here
   */
  constructor(scene, onEmptied) {
    const { words, signal } = scene;
    this.#scene = scene;
    this.#onEmptied = onEmptied;
    /** Shows it, once for all that changes within a frame. @readonly */
    this.showSoon = soon(() => this.#show(), signal);
    const title = make('h2', { id: 'unfinished-title' }, words.say('unfinished'));
    this.element = make(
      'section',
      {
        id: 'unfinished',
        class: 'section',
        part: 'unfinished',
        'aria-labelledby': 'unfinished-title',
        hidden: true,
      },
      make('div', { class: 'section-head' }, title),
      this.#list,
      this.#more,
      this.#problem,
    );
    this.#more.addEventListener('click', () => this.#showMore());
  }

  /** Whether the list could not be had. */
  get isUnknown() {
    return !this.#problem.hidden;
  }

  /** Asks the coordinator; however many want it while it answers, it is asked once more. */
  refresh() {
    if (this.#next) return this.#next;
    const next = this.#asked.then(() => {
      this.#next = null;
      return this.#ask();
    });
    this.#asked = next;
    this.#next = next;
    return next;
  }

  /** @param {Upload} upload  that is known to be over */
  forget({ id }) {
    this.#over.add(id);
    this.showSoon();
  }

  async #ask() {
    const { uploader, words } = this.#scene;
    try {
      this.#known = await uploader.resumable((found) => this.#offer(found));
      this.#complain(null);
    } catch (error) {
      this.#complain(words.say('unlisted', { reason: explain(words, error) }));
    }
    this.#show();
  }

  /** @param {Resumable[]} found  with handles that came late */
  #offer(found) {
    const late = new Map(found.map((one) => [one.upload.id, one]));
    this.#known = this.#known.map((one) => late.get(one.upload.id) ?? one);
    for (const one of found) this.#rows.get(one.upload.id)?.offer(one);
  }

  /** Without those that are on their way by now. */
  #show() {
    if (this.#known.length + this.#rows.size > 0) this.#showRows();
    this.#list.hidden = this.#rows.size === 0;
    this.element.hidden = this.#rows.size === 0 && this.#problem.hidden;
  }

  #showRows() {
    const here = new Set(this.#scene.uploader.uploads.map(({ upload }) => upload?.id));
    const waiting = this.#known.filter(({ upload: { id } }) => !here.has(id) && !this.#over.has(id));
    const isDrawn = (/** @type {Resumable} */ { upload: { id } }) => this.#rows.has(id);
    const others = waiting.filter((one) => !isDrawn(one));
    const drawn = [...waiting.filter(isDrawn), ...others].slice(0, this.#room);
    const ids = new Set(drawn.map(({ upload }) => upload.id));
    // before any goes: one of them may take over its focus
    for (const resumable of drawn) this.#draw(resumable);
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#remove(id, row);
    const left = waiting.length - drawn.length;
    const change = () => {
      this.#more.hidden = left === 0;
    };
    const last = [...this.#rows.values()].at(-1);
    keepingFocus(this.element, change, () => (last ? last.focus() : this.#onEmptied()));
    setText(this.#more, this.#scene.words.say('showMore', { count: Math.min(BATCH, left) }));
  }

  /** @param {Resumable} resumable */
  #draw(resumable) {
    const { id } = resumable.upload;
    if (this.#rows.has(id)) return;
    const row = new UnfinishedRow(resumable, this.#scene, () => this.#discard(resumable.upload));
    this.#rows.set(id, row);
    this.#list.append(row.element);
  }

  #showMore() {
    const before = new Set(this.#rows.values());
    this.#room += BATCH;
    this.#showRows();
    const first = [...this.#rows.values()].find((row) => !before.has(row));
    first?.focus();
  }

  /**
   * @param {string} id
   * @param {UnfinishedRow} row
   */
  #remove(id, { element }) {
    const root = /** @type {ShadowRoot | Document} */ (element.getRootNode());
    const focused = element.contains(root.activeElement ?? null);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    this.#rows.delete(id);
    if (!focused) return;
    const heir = [...this.#rows.values()].find((row) => row.element === next);
    if (heir) heir.focus();
    else this.#onEmptied();
  }

  /** @param {Upload} upload */
  async #discard(upload) {
    const { uploader, words, question } = this.#scene;
    // also where nothing is on record: parts may be stored that were not reported
    const goes = await question.ask({
      title: words.say('discardTitle', { name: isolated(upload.filename) }),
      text: words.say('discardText', { size: words.size(upload.bytes_uploaded) }),
      action: words.say('discard'),
    });
    if (!goes) return;
    try {
      await uploader.discard(upload.id);
    } catch (error) {
      this.#rows.get(upload.id)?.complain(explain(words, error));
      return;
    }
    await this.refresh();
  }

  /** @param {string | null} text */
  #complain(text) {
    this.#problem.hidden = text === null;
    this.#problem.textContent = text ?? '';
  }
}
