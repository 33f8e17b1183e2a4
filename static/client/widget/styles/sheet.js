/** The widget's one style sheet, made once and shared by all widgets of a page. No inline style: any CSP allows it. */

import { controls } from './controls.js';
import { panels } from './panels.js';
import { rows } from './rows.js';
import { theme } from './theme.js';

/** @type {CSSStyleSheet | null} */
let made = null;

export function widgetSheet() {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync([theme, controls, panels, rows].join('\n'));
  }
  return made;
}
