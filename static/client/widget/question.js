/** Asks before something is lost. */

/** @import { Words } from './words.js' */

import { button, make } from './dom.js';

export class Question {
  #title = make('h2', { id: 'confirm-title' });
  #text = make('p', { id: 'confirm-text' });
  #go = button('', 'danger', { type: 'submit', value: 'go', 'data-action': 'confirm' });

  /** @param {Words} words */
  constructor(words) {
    const keep = button(words.say('keep'), '', { type: 'submit', value: 'keep', 'data-action': 'keep' });
    const actions = make('div', { class: 'dialog-actions' }, keep, this.#go);
    const labels = { 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' };
    const form = make('form', { method: 'dialog' }, this.#title, this.#text, actions);
    this.element = make('dialog', { class: 'dialog', part: 'dialog', ...labels }, form);
  }

  /**
   * @param {object} question
   * @param {string} question.title
   * @param {string} question.text
   * @param {string} question.action  what the button says that goes ahead
   * @returns {Promise<boolean>}
   */
  async ask({ title, text, action }) {
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#go.textContent = action;
    this.element.returnValue = 'keep';
    this.element.showModal();
    await new Promise((resolve) => {
      this.element.addEventListener('close', resolve, { once: true });
    });
    return this.element.returnValue === 'go';
  }
}
