/** The widget's entrance: loading it defines `<coordinator-upload>`. */

import { CoordinatorUpload } from './element.js';

export { CoordinatorUpload } from './element.js';

/**
 * @typedef {import('../events.js').CoordinatorUploadEventMap} CoordinatorUploadEventMap
 * @typedef {import('./intake/find.js').Found} Found
 * @typedef {import('./tally.js').Total} Total
 */

const NAME = 'coordinator-upload';

// a page may load it twice
if (!customElements.get(NAME)) customElements.define(NAME, CoordinatorUpload);
