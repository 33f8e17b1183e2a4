import { byId } from './dom.js';

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.action  what the button says that goes ahead
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'));
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = text;
  const go = /** @type {HTMLButtonElement} */ (dialog.querySelector('[data-action="confirm"]'));
  go.textContent = action;
  dialog.returnValue = 'keep';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'go'), { once: true });
  });
}
