/** Asks before something is lost. */

/** @import { Words } from './words.js' */

import { button, make } from './dom.js';

export class Question {
  #title = make('h2', { id: 'confirm-title' });
  #text = make('p', { id: 'confirm-text' });
  #go = button('', 'danger', { type: 'submit', value: 'go', 'data-action': 'confirm' });
  /** @type {(goes: boolean) => void} */
  #answer = () => {};

  /** @param {Words} words */
  constructor(words) {
    const keep = button(words.say('keep'), '', { type: 'submit', value: 'keep', 'data-action': 'keep' });
    const actions = make('div', { class: 'dialog-actions' }, keep, this.#go);
    const labels = { 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' };
    const form = make('form', { method: 'dialog' }, this.#title, this.#text, actions);
    this.element = make('dialog', { class: 'dialog', part: 'dialog', ...labels }, form);
    form.addEventListener('submit', (event) => {
      // closed before it is answered: closing gives the focus back, and what the answer brings about may move it on
      event.preventDefault();
      this.element.close();
      this.#answer(event.submitter === this.#go);
    });
    this.element.addEventListener('cancel', () => this.#answer(false));
    // it comes late: by then the next question may stand there
    this.element.addEventListener('close', () => this.element.open || this.#answer(false));
  }

  /**
   * @param {object} question
   * @param {string} question.title
   * @param {string} question.text
   * @param {string} question.action  what the button says that goes ahead
   * @returns {Promise<boolean>}
   */
  ask({ title, text, action }) {
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#go.textContent = action;
    this.element.showModal();
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }
}
