/** The widget's entrance: loading it defines `<coordinator-upload>`. */

import { CoordinatorUpload } from './element.js';

export { CoordinatorUpload } from './element.js';

const NAME = 'coordinator-upload';

// a page may load it twice
if (!customElements.get(NAME)) customElements.define(NAME, CoordinatorUpload);
