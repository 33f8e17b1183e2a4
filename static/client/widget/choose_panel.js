/** Where files come in: chosen, dropped or pasted. */

/** @import { Found, Given } from './intake/find.js' */
/** @import { Scene } from './scene.js' */

import { button, icon, make } from './dom.js';
import { choose, chosen } from './intake/choosing.js';
import { takeDrops, takePastes } from './intake/dropping.js';
import { find } from './intake/find.js';
import { sayLimits } from './limits.js';
import { inSlices } from './slices.js';
import { isolated } from './words.js';

/** Files of a large folder begin to be sent before all of them are found. */
const BATCH = 200;
const MOST_NAMES = 5;

export class ChoosePanel {
  #scene;
  #onFound;
  #input = make('input', {
    id: 'choose',
    type: 'file',
    class: 'hidden-text',
    tabindex: -1,
    'aria-hidden': 'true',
  });
  #folderInput = make('input', {
    id: 'choose-folder',
    type: 'file',
    class: 'hidden-text',
    tabindex: -1,
    'aria-hidden': 'true',
    webkitdirectory: true,
  });
  #files;
  #folder;
  #title;
  #hint = make('p', { id: 'choose-hint', class: 'drop-hint', part: 'hint' });
  #drop;
  #problem = make('p', { id: 'drop-problem', class: 'problem', part: 'problem', role: 'alert', hidden: true });
  #reading = make('p', { id: 'reading', class: 'drop-hint', role: 'status' });

  /**
   * @param {Scene} scene
   * @param {HTMLElement} host
   * @param {(found: Found[], isRest: boolean) => void} onFound  the rest of many comes later
   */
  constructor(scene, host, onFound) {
    const { words, options, signal } = scene;
    this.#scene = scene;
    this.#onFound = onFound;
    this.#files = button(words.say('chooseFiles'), 'primary', {
      id: 'choose-files',
      'aria-describedby': 'choose-hint',
    });
    this.#folder = button(words.say('chooseFolder'), '', { id: 'choose-a-folder' });
    this.#title = make('p', { class: 'drop-title' });
    this.#drop = this.#build();
    this.element = make('div', { class: 'section' }, this.#drop, this.#problem);
    this.#listen();
    const within = options().wholePage ? document : host;
    const onGiven = (/** @type {Given[]} */ given) => this.#find(given);
    takeDrops({ within, signal, onGiven, onOver: (over) => this.#over(over) });
    takePastes({ within, signal, onGiven });
    this.show();
  }

  /** As the attributes stand now. */
  show() {
    const { words, options } = this.#scene;
    const now = options();
    this.#input.multiple = now.maxFiles !== 1;
    this.#input.accept = now.types.join(',');
    // phones choose no folders
    this.#folder.hidden = !now.folders || !('webkitdirectory' in this.#input);
    this.#title.textContent = words.say(this.#folder.hidden ? 'dropFiles' : 'drop');
    this.#hint.textContent = sayLimits(words, now);
  }

  focus() {
    this.#files.focus();
  }

  /** To be called inside a click. */
  async choose() {
    this.#give(await choose(this.#input));
  }

  #build() {
    return make(
      'div',
      { id: 'drop', class: 'drop', part: 'drop' },
      make('span', { class: 'drop-icon', 'aria-hidden': 'true' }, icon('upload')),
      this.#title,
      make('div', { class: 'drop-actions' }, this.#files, this.#folder),
      this.#hint,
      this.#reading,
      this.#input,
      this.#folderInput,
    );
  }

  #listen() {
    this.#files.addEventListener('click', () => this.choose());
    this.#folder.addEventListener('click', () => choose(this.#folderInput));
    // a wide surface for those who point; the buttons in it are for everybody
    this.#drop.addEventListener('click', ({ target }) => {
      if (target instanceof Element && !target.closest('button, input')) this.choose();
    });
    for (const input of [this.#input, this.#folderInput]) {
      input.addEventListener('change', () => this.#give(chosen(input)));
    }
  }

  /**
   * @param {Found[]} found
   * @param {boolean} [isRest]
   */
  #give(found, isRest = false) {
    this.#complain(null);
    inSlices(found, (some, isLater) => this.#onFound(some, isRest || isLater));
  }

  /** @param {Given[]} given */
  async #find(given) {
    const { words } = this.#scene;
    /** @type {string[]} */
    const unreadable = [];
    /** @type {Found[]} */
    let batch = [];
    let count = 0;
    const flush = () => {
      this.#give(batch, count > BATCH);
      batch = [];
    };
    const folders = given.some(({ entry }) => entry?.isDirectory);
    if (folders) this.#reading.textContent = words.say('reading');
    await find(given, {
      onFile: (found) => {
        count += 1;
        if (batch.push(found) === BATCH) flush();
      },
      onUnreadable: (name) => unreadable.push(name),
    });
    flush();
    this.#reading.textContent = '';
    if (unreadable.length > 0) this.#complain(this.#leftOut(unreadable));
    else if (count === 0) this.#complain(words.say('nothingFound'));
  }

  /** @param {string[]} unreadable */
  #leftOut(unreadable) {
    const { words } = this.#scene;
    const names = unreadable.slice(0, MOST_NAMES).map((name) => isolated(name));
    if (unreadable.length > MOST_NAMES) names.push('…');
    return words.say('someUnreadable', { count: unreadable.length, names: words.list(names) });
  }

  /** @param {string | null} text */
  #complain(text) {
    this.#problem.hidden = text === null;
    this.#problem.textContent = text ?? '';
  }

  /** @param {boolean} over */
  #over(over) {
    this.#drop.classList.toggle('dragging', over);
    if (over) this.#title.textContent = this.#scene.words.say('dropNow');
    else this.show();
  }
}
