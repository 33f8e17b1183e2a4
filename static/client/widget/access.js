/** Asks for an upload token, once one turns out to be needed. It lives in the client's memory only. */

/** @import { Announcer } from './announcer.js' */
/** @import { Words } from './words.js' */

import { button, icon, keepingFocus, make, mayTakeFocus } from './dom.js';
import { isToken } from './token.js';

export class AccessForm {
  #words;
  #announcer;
  #onAnswered;
  #asked = false;
  #hint = make('p', { id: 'access-hint' });
  #field;
  /** @type {(token: string) => void} */
  #give = () => {};

  /**
   * @param {Words} words
   * @param {Announcer} announcer
   * @param {() => void} onAnswered  the focus has nowhere to go here
   */
  constructor(words, announcer, onAnswered) {
    this.#words = words;
    this.#announcer = announcer;
    this.#onAnswered = onAnswered;
    const name = words.say('tokenLabel');
    this.#field = make('input', {
      id: 'access-token',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      autocapitalize: 'off',
      placeholder: name,
      'aria-label': name,
      'aria-describedby': 'access-hint',
      required: true,
    });
    const use = button(words.say('tokenUse'), 'primary', { type: 'submit' });
    const text = make('div', { class: 'access-text' }, make('h2', {}, words.say('tokenTitle')), this.#hint);
    text.append(make('div', { class: 'access-fields' }, this.#field, use));
    const mark = make('span', { class: 'mark', 'aria-hidden': 'true' }, icon('key'));
    this.element = make(
      'form',
      { id: 'access', class: 'card access', part: 'access', hidden: true },
      mark,
      text,
    );
    this.element.addEventListener('submit', (event) => this.#submit(event));
  }

  /** @returns {Promise<string>} */
  async ask() {
    this.#show();
    return new Promise((resolve) => {
      this.#give = resolve;
    });
  }

  #show() {
    const refused = this.#asked;
    this.#hint.textContent = this.#words.say(refused ? 'tokenRefused' : 'tokenHint');
    this.element.classList.toggle('refused', refused);
    this.#asked = true;
    this.element.hidden = false;
    // a field that is entered tells its hint by itself; who types somewhere else on the page goes on typing there
    if (mayTakeFocus(this.element) && !this.#field.matches(':focus')) this.#field.focus();
    else this.#announcer.say(this.#words.say(refused ? 'tokenRefused' : 'tokenTitle'));
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const token = this.#field.value.trim();
    this.#field.value = '';
    if (!isToken(token)) {
      this.#show();
      return;
    }
    const hide = () => {
      this.element.hidden = true;
    };
    keepingFocus(this.element, hide, this.#onAnswered);
    this.#give(token);
  }
}
