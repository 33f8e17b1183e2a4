/**
 * One file's row: what it is, how far it is, what may be done with it. For tests and scripts: the row is
 * `li[data-upload]` with `data-state` and, once known, `data-upload-id`; its buttons carry `data-action`
 * pause, resume, retry, anew, download, cancel or clear.
 */

/** @import { UploadTask } from '../task.js' */
/** @import { Action } from './face.js' */
/** @import { Scene } from './scene.js' */

import { button, icon, make, setAttribute, setPrimary, setText } from './dom.js';
import { faceOf, isPrimary } from './face.js';
import { rowFacts, wayFacts } from './facts.js';
import { drawParts } from './parts_map.js';
import { explain } from './problems.js';
import { shownName } from './words.js';

/** No bar: it is over, or nothing was sent. */
const WITHOUT_BAR = new Set(['completed', 'cancelled']);

export class Row {
  #scene;
  #task;
  #parts;

  /**
   * @param {UploadTask} task
   * @param {Scene} scene
   * @param {(action: Action, row: Row) => void} onAction
   */
  constructor(task, scene, onAction) {
    this.#scene = scene;
    this.#task = task;
    this.#parts = build(task, scene);
    this.element = this.#parts.row;
    this.element.addEventListener('click', ({ target }) => {
      const pressed = target instanceof Element ? target.closest('[data-action]') : null;
      const action = pressed?.getAttribute('data-action');
      if (action) onAction(/** @type {Action} */ (action), this);
    });
    this.show();
  }

  get task() {
    return this.#task;
  }

  /** Everything anew: the state has changed. */
  show() {
    const { row, mark, state, main, side, problem } = this.#parts;
    const { state: now, error, upload, troubled } = this.#task;
    const { words } = this.#scene;
    const face = faceOf(this.#task);
    setAttribute(row, 'data-state', now);
    setAttribute(row, 'part', `row row-${now}`);
    row.toggleAttribute('data-troubled', troubled);
    if (upload) setAttribute(row, 'data-upload-id', upload.id);
    setText(state, words.say(face.word));
    if (mark.dataset.icon !== face.icon) mark.replaceChildren(icon(face.icon));
    mark.dataset.icon = face.icon;
    this.#keepingFocus(() => {
      this.#label(main, face.main);
      this.#label(side, face.side);
    });
    this.complain(error === null ? null : explain(words, error));
    problem.classList.toggle('mild', now === 'cancelled');
    this.showProgress();
  }

  /** Only what moves. */
  showProgress() {
    const { row, facts, progress, bar, fill, percent, map, way } = this.#parts;
    const { state, troubled, progress: now, parts } = this.#task;
    const { words } = this.#scene;
    if (row.hasAttribute('data-troubled') !== troubled) this.show();
    const over = WITHOUT_BAR.has(state) || (state === 'failed' && now.bytesSent === 0);
    progress.hidden = over;
    setText(facts, rowFacts(words, this.#task));
    const known = now.bytesTotal !== null;
    const said = known ? words.percent(now.fraction) : words.size(now.bytesSent);
    setText(percent, known ? said : '');
    bar.toggleAttribute('data-endless', !known);
    if (known) setAttribute(bar, 'aria-valuenow', String(Math.floor(now.fraction * 100)));
    else bar.removeAttribute('aria-valuenow');
    setAttribute(bar, 'aria-valuetext', `${said}, ${words.say(faceOf(this.#task).word)}`);
    fill.style.setProperty('--fraction', known ? now.fraction.toFixed(4) : '1');
    const text = over ? '' : wayFacts(words, this.#task);
    way.hidden = text === '';
    setText(way, text);
    map.hidden = over || !parts || (parts.count ?? 0) < 2;
    if (parts && !map.hidden) drawParts(map, parts);
  }

  /** @param {string | null} text */
  complain(text) {
    this.#parts.problem.hidden = text === null;
    setText(this.#parts.problem, text ?? '');
  }

  /** Puts the focus on the first thing that can be done here. */
  focus() {
    const first = [this.#parts.main, this.#parts.side].find((one) => !one.hidden);
    (first ?? this.element).focus();
  }

  /**
   * A hidden button would drop the focus, and a keyboard's user would start at the top of the page again.
   *
   * @param {() => void} change
   */
  #keepingFocus(change) {
    const root = /** @type {ShadowRoot | Document} */ (this.element.getRootNode());
    const focused = this.element.contains(root.activeElement ?? null) ? root.activeElement : null;
    change();
    // the row itself has held it since it had no button
    if (focused?.matches('[hidden]') || focused === this.element) this.focus();
  }

  /**
   * Keeps the element, so that the focus stays where it was.
   *
   * @param {HTMLButtonElement} element
   * @param {Action | null} action
   */
  #label(element, action) {
    const { words } = this.#scene;
    element.hidden = action === null;
    if (action === null) {
      element.removeAttribute('data-action');
      return;
    }
    setAttribute(element, 'data-action', action);
    setText(element, words.say(action));
    const name = shownName(this.#task.file.name);
    setAttribute(element, 'aria-label', words.say('actionOn', { action: words.say(action), name }));
    setPrimary(element, isPrimary(action));
  }
}

/**
 * @param {UploadTask} task
 * @param {Scene} scene
 */
function build(task, { words, folders }) {
  const name = shownName(task.file.name);
  const folder = folders.get(task.file) ?? '';
  const mark = make('span', { class: 'mark', 'aria-hidden': 'true' });
  const state = make('span', { class: 'state' });
  const facts = make('span', {});
  const main = button('', '');
  const side = button('', 'quiet');
  const fill = make('div', { class: 'bar-fill', part: 'bar-fill' });
  const bar = make(
    'div',
    {
      class: 'bar',
      part: 'bar',
      role: 'progressbar',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-label': words.say('progressOf', { name }),
    },
    fill,
  );
  const percent = make('span', { class: 'percent', 'aria-hidden': 'true' });
  const progress = make('div', { class: 'row-progress' }, bar, percent);
  const map = make('canvas', { class: 'parts', part: 'parts', 'aria-hidden': 'true', hidden: true });
  const way = make('p', { class: 'row-way', 'data-part': 'way', hidden: true });
  const problem = make('p', { class: 'problem', part: 'problem', 'data-part': 'problem', hidden: true });
  const row = make(
    'li',
    { class: 'row', 'data-upload': true, tabindex: -1 },
    mark,
    make(
      'div',
      { class: 'row-text' },
      make('p', { class: 'row-name', part: 'name', title: name, dir: 'auto' }, name),
      folder ? make('p', { class: 'row-folder', part: 'folder' }, make('bdi', {}, shownName(folder))) : null,
      make('p', { class: 'row-facts', part: 'facts' }, state, facts),
    ),
    make('div', { class: 'row-actions' }, main, side),
    progress,
    map,
    way,
    problem,
  );
  return { row, mark, state, facts, main, side, progress, bar, fill, percent, map, way, problem };
}
