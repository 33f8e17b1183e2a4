/**
 * What all pieces of the widget share.
 *
 * @typedef {object} Scene
 * @property {import('../uploader.js').Uploader} uploader
 * @property {import('./words.js').Words} words
 * @property {() => import('./options.js').Options} options  as the attributes stand now
 * @property {import('./question.js').Question} question
 * @property {import('./announcer.js').Announcer} announcer
 * @property {WeakMap<object, string>} folders  of files that came with one: `photos/2026`
 * @property {AbortSignal} signal  ends all listening, when the widget is drawn anew or goes
 */

export {};
