/**
 * `<coordinator-upload>`: an upload panel for any page.
 *
 *     <script type="module" src="https://uploads.example.org/client/widget/index.js"></script>
 *     <coordinator-upload endpoint="https://uploads.example.org" token-url="/upload-token"></coordinator-upload>
 *
 * docs/widget.md has its attributes, properties, events, CSS variables and parts.
 */

/** @import { TokenSource } from '../credential.js' */
/** @import { CoordinatorUploadEventMap, ElementOf, UploadTaskEventMap } from '../events.js' */
/** @import { Limits } from '../limits.js' */
/** @import { UploadTask } from '../task.js' */
/** @import { Uploader } from '../uploader.js' */
/** @import { Seating } from './files_panel.js' */
/** @import { Found } from './intake/find.js' */
/** @import { Options } from './options.js' */

import { loadWords, wantedLanguages } from './languages.js';
import { ListedUploader } from './listed.js';
import { readOptions } from './options.js';
import { widgetSheet } from './styles/sheet.js';
import { Tally } from './tally.js';
import { tokenSource } from './token.js';
import { View } from './view.js';

/**
 * What the widget tells of its tasks, as they tell it themselves; and what they tell, by its name in `detail`.
 *
 * @type {[keyof UploadTaskEventMap, string][]}
 */
const TOLD = [
  ['state', 'state'],
  ['progress', 'progress'],
  ['path', 'path'],
  ['elsewhere', 'elsewhere'],
  ['complete', 'upload'],
  ['error', 'error'],
];

export class CoordinatorUpload extends /** @type {ElementOf<CoordinatorUploadEventMap>} */ (HTMLElement) {
  static observedAttributes = [
    'accept',
    'lang',
    'max-files',
    'max-size',
    'min-size',
    'no-folders',
    'policy',
    'whole-page',
  ];

  #root;
  /** @type {Options | null} until an attribute changes; ten thousand files ask for them */
  #options = null;
  /** @type {string | TokenSource | null} */
  #token = null;
  /** @type {Uploader | null} */
  #uploader = null;
  #tally = new Tally();
  /** @type {WeakSet<UploadTask>} that have no row any more; one that is cancelled first tells of it yet */
  #forgotten = new WeakSet();
  /** @type {WeakMap<object, string>} */
  #folders = new WeakMap();
  /** @type {View | null} */
  #view = null;
  /** @type {Seating | null} of the view that ended */
  #seating = null;
  #drawing = 0;
  /** @type {(view: View) => void} */
  #drawn = () => {};
  /** @type {Promise<View>} the first */
  #whenDrawn = new Promise((resolve) => {
    this.#drawn = resolve;
  });
  #warns = false;
  /** Its own: a listener that several elements share would end with the first of them. */
  #preventLeaving = (/** @type {Event} */ event) => event.preventDefault();
  /** @type {((token: string) => void) | null} */
  #awaitsToken = null;

  constructor() {
    super();
    this.#adoptToken();
    this.#root = this.attachShadow({ mode: 'open' });
    this.#root.adoptedStyleSheets = [widgetSheet()];
  }

  connectedCallback() {
    this.#draw();
  }

  disconnectedCallback() {
    this.#drawing += 1;
    this.#endView();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    this.#options = null;
    if (!this.isConnected) return;
    if (name === 'lang' || name === 'whole-page') this.#draw();
    else this.#view?.optionsChanged();
  }

  /** A Bearer token, or a function that yields one and is asked again, with `refused: true`, after a 401. */
  get token() {
    return this.#token;
  }

  set token(token) {
    this.#token = token;
  }

  /** The engine behind it; made with `endpoint` as it stands when it is first needed. */
  get uploader() {
    this.#uploader ??= this.#open();
    return this.#uploader;
  }

  /** How far all files together are. */
  get progress() {
    return this.#tally.read();
  }

  /** Whether leaving the page now would interrupt something. */
  get active() {
    return this.#tally.read().atStake > 0;
  }

  /** Resolves once it can be seen. */
  get ready() {
    return this.#whenDrawn.then(() => {});
  }

  /**
   * Sends files, under the limits of the attributes.
   *
   * @param {Iterable<File | Found>} files
   * @returns {UploadTask[]}
   */
  add(files) {
    const { policy } = this.#readOptions();
    return Array.from(files, (given) => {
      const found = given instanceof File ? { file: given } : given;
      const { file, path, handle } = found;
      if (path?.includes('/')) this.#folders.set(file, path.slice(0, path.lastIndexOf('/')));
      return this.uploader.add(file, {
        ...(policy === undefined ? {} : { policy }),
        ...(path === undefined ? {} : { path }),
        ...(handle === undefined ? {} : { handle }),
      });
    });
  }

  /** Opens the file chooser; to be called inside a click. */
  async choose() {
    await (await this.#whenDrawn).choose();
  }

  /** @override */
  focus() {
    this.#view?.focus();
  }

  #readOptions() {
    this.#options ??= readOptions(this);
    return this.#options;
  }

  async #draw() {
    this.#drawing += 1;
    const drawing = this.#drawing;
    const words = await loadWords(wantedLanguages(this));
    // gone, or asked for another language meanwhile
    if (drawing !== this.#drawing) return;
    this.#endView();
    this.#view = new View({
      host: this,
      uploader: this.uploader,
      tally: this.#tally,
      words,
      options: () => this.#readOptions(),
      folders: this.#folders,
      onFound: (found) => this.add(found),
      seating: this.#seating,
    });
    this.#root.append(this.#view.element);
    this.#drawn(this.#view);
    this.#showQuestion();
  }

  #endView() {
    if (this.#view) this.#seating = this.#view.end();
    this.#view = null;
  }

  /** What a page set before this module was there. */
  #adoptToken() {
    if (!Object.hasOwn(this, 'token')) return;
    const { token } = this;
    Reflect.deleteProperty(this, 'token');
    this.token = token;
  }

  /** @returns {Promise<string>} */
  #askForToken() {
    return new Promise((resolve) => {
      this.#awaitsToken = resolve;
      this.#showQuestion();
    });
  }

  /** Again, where the widget was drawn anew before it was answered. */
  async #showQuestion() {
    if (!this.#awaitsToken || !this.#view) return;
    const token = await this.#view.askForToken();
    this.#awaitsToken?.(token);
    this.#awaitsToken = null;
  }

  #open() {
    const uploader = new ListedUploader({
      endpoint: this.getAttribute('endpoint') ?? globalThis.location.origin,
      limits: limitsOf(() => this.#readOptions()),
      token: tokenSource({
        given: () => this.token,
        url: () => this.getAttribute('token-url'),
        ask: () => (this.hasAttribute('ask-token') ? this.#askForToken() : null),
      }),
    });
    uploader.addEventListener('add', (event) => {
      this.#follow(event.detail);
    });
    uploader.onRemove = (task) => this.#forget(task);
    return uploader;
  }

  /** @param {UploadTask} task */
  #follow(task) {
    this.#tally.take(task);
    for (const [type, name] of TOLD) {
      task.addEventListener(type, (event) => {
        this.#heed(type, task);
        this.#tell(type, { task, [name]: event.detail });
      });
    }
    this.#view?.added(task);
    this.#warn();
    this.#tell('add', { task });
  }

  /** @param {UploadTask} task */
  #forget(task) {
    this.#forgotten.add(task);
    this.#tally.drop(task);
    this.#view?.removed(task);
    this.#warn();
  }

  /**
   * @param {keyof UploadTaskEventMap} type
   * @param {UploadTask} task
   */
  #heed(type, task) {
    // they come with a state
    if (type === 'complete' || type === 'error') return;
    if (!this.#forgotten.has(task)) this.#tally.take(task);
    if (type === 'path' || type === 'elsewhere') this.#view?.rerouted(task, type);
    else if (type !== 'state') this.#view?.moved(task);
    else {
      this.#warn();
      this.#view?.changed(task);
    }
  }

  /**
   * @param {string} type
   * @param {Record<string, unknown>} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** Leaving the page asks only while something is at stake; a page that listens is kept in no cache. */
  #warn() {
    const { active } = this;
    if (active === this.#warns) return;
    this.#warns = active;
    if (active) window.addEventListener('beforeunload', this.#preventLeaving);
    else window.removeEventListener('beforeunload', this.#preventLeaving);
  }
}

/**
 * As the attributes stand when a file is added.
 *
 * @param {() => Options} now
 * @returns {Limits}
 */
function limitsOf(now) {
  return {
    get maxSize() {
      return now().maxSize ?? undefined;
    },
    get minSize() {
      return now().minSize ?? undefined;
    },
    get maxFiles() {
      return now().maxFiles ?? undefined;
    },
    get types() {
      const { types } = now();
      return types.length === 0 ? undefined : types;
    },
  };
}
