/** One unfinished upload: how far it came, until when it is kept, and how it goes on. */

/** @import { Resumable } from '../resumable.js' */
/** @import { UploadTask } from '../task.js' */
/** @import { Found } from './intake/find.js' */
/** @import { Scene } from './scene.js' */

import { button, icon, make, setPrimary } from './dom.js';
import { choose, chosen } from './intake/choosing.js';
import { explain } from './problems.js';
import { isolated, shownName } from './words.js';

export class UnfinishedRow {
  #resumable;
  #scene;
  #input;
  #goOn;
  #pick;
  #discard;
  #opens = false;
  /** @type {UploadTask | null} that goes on with it; the row stands until the coordinator has said so */
  #task = null;
  #hint = make('p', { class: 'row-hint', 'data-part': 'hint' });
  #problem = make('p', {
    class: 'problem',
    part: 'problem',
    'data-part': 'problem',
    role: 'alert',
    hidden: true,
  });

  /**
   * @param {Resumable} resumable
   * @param {Scene} scene
   * @param {() => void} onDiscard
   */
  constructor(resumable, scene, onDiscard) {
    const { words } = scene;
    const name = shownName(resumable.upload.filename);
    const action = (/** @type {import('./words.js').Key} */ key) =>
      words.say('actionOn', { action: words.say(key), name });
    this.#resumable = resumable;
    this.#scene = scene;
    this.#input = make('input', { type: 'file', class: 'hidden-text', tabindex: -1, 'aria-hidden': 'true' });
    this.#goOn = button(words.say('goOn'), 'primary', { 'data-action': 'go-on', 'aria-label': action('goOn') });
    this.#pick = button(words.say('chooseAgain'), '', {
      'data-action': 'choose',
      'aria-label': action('chooseAgain'),
    });
    const discard = { 'data-action': 'discard', 'aria-label': action('discard') };
    this.#discard = button(words.say('discard'), 'quiet', discard);
    this.element = this.#build();
    this.#goOn.addEventListener('click', () => this.#resume());
    this.#pick.addEventListener('click', async () => this.#take(await choose(this.#input)));
    this.#input.addEventListener('change', () => this.#take(chosen(this.#input)));
    this.#discard.addEventListener('click', onDiscard);
    this.#offer(resumable.handle !== null);
  }

  focus() {
    const first = [this.#goOn, this.#pick, this.#discard].find((one) => !one.hidden);
    first?.focus();
  }

  /** @param {Resumable} found  the same, with its handle, which came late */
  offer(found) {
    // what is in focus would go
    const focused = this.#pick.matches(':focus');
    this.#resumable = found;
    this.#offer(true);
    if (focused) this.focus();
  }

  /** @param {string | null} text */
  complain(text) {
    this.#problem.hidden = text === null;
    this.#problem.textContent = text ?? '';
  }

  #build() {
    const { words } = this.#scene;
    const { id, filename, size, bytes_uploaded: stored } = this.#resumable.upload;
    const fraction = size ? stored / size : 0;
    const fill = make('div', { class: 'bar-fill', part: 'bar-fill' });
    fill.style.setProperty('--fraction', fraction.toFixed(4));
    const shown = shownName(filename);
    const name = make('p', { class: 'row-name', part: 'name', title: shown, dir: 'auto' }, shown);
    const facts = make('p', { class: 'row-facts', part: 'facts' }, this.#facts());
    const bar = make('div', { class: 'bar', part: 'bar', 'aria-hidden': 'true' }, fill);
    const percent = make('span', { class: 'percent' }, words.percent(fraction));
    return make(
      'li',
      { class: 'row', part: 'row row-unfinished', 'data-unfinished': true, 'data-upload-id': id, tabindex: -1 },
      make('span', { class: 'mark waiting', 'aria-hidden': 'true' }, icon('clock')),
      make('div', { class: 'row-text' }, name, facts, this.#hint),
      make('div', { class: 'row-actions' }, this.#goOn, this.#pick, this.#discard, this.#input),
      make('div', { class: 'row-progress slim' }, bar, percent),
      this.#problem,
    );
  }

  #facts() {
    const { words } = this.#scene;
    const { size, bytes_uploaded: stored, expires_at: expires } = this.#resumable.upload;
    return [
      size === null ? words.say('sizeUnknown') : words.size(size),
      words.say('stored', { size: words.size(stored) }),
      expires === null ? null : words.expiry(expires, Date.now()),
    ]
      .filter((fact) => fact !== null)
      .join(' · ');
  }

  /** @param {boolean} byHandle */
  #offer(byHandle) {
    const { words } = this.#scene;
    const { upload, elsewhere } = this.#resumable;
    // streams have none, nor have files that were set apart from an equal one
    const known = upload.fingerprint !== null;
    const name = isolated(upload.filename);
    this.#goOn.hidden = !byHandle;
    this.#pick.hidden = !known || byHandle;
    setPrimary(this.#pick, !byHandle);
    const hint = byHandle ? words.say('goOnHint') : words.say('chooseAgainHint', { name });
    const waiting = elsewhere ? `${words.say('elsewhereWaiting')} ` : '';
    this.#hint.textContent = waiting + (known ? hint : words.say('unmatched'));
  }

  async #resume() {
    const { uploader, words } = this.#scene;
    // somebody clicks twice
    if (this.#opens || this.#task?.active || this.#task?.state === 'uploading') return;
    this.#opens = true;
    this.complain(null);
    try {
      this.#task = await uploader.resumeFrom(this.#resumable);
    } catch (error) {
      this.#offer(false);
      this.complain(explain(words, error));
      this.focus();
    } finally {
      this.#opens = false;
    }
  }

  /** @param {Found[]} found */
  #take([found]) {
    if (!found) return;
    const { file, handle } = found;
    this.#scene.uploader.add(file, { expected: this.#resumable.upload, ...(handle ? { handle } : {}) });
  }
}
