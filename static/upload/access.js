import { byId } from './dom.js';

/**
 * Asks for an upload token, once one turns out to be needed. It lives in the client's memory only.
 *
 * @param {{ refused: boolean }} why
 * @returns {Promise<string | null>}
 */
export async function askForToken({ refused }) {
  if (!refused) return null;
  const form = byId('access');
  const field = /** @type {HTMLInputElement} */ (byId('access-token'));
  if (form.dataset.asked !== undefined) {
    form.classList.add('refused');
    byId('access-hint').textContent =
      'That token was not accepted: it is wrong or has expired. Try another one.';
  }
  form.dataset.asked = '';
  form.hidden = false;
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        form.hidden = true;
        const token = field.value.trim();
        field.value = '';
        resolve(token);
      },
      { once: true },
    );
  });
}
