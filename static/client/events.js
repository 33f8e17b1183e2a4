/**
 * What is told, and what those who listen are given. Types only: nothing here runs.
 *
 * @typedef {object} UploaderEventMap
 * @property {CustomEvent<UploadTask>} add  one was added, by whichever way
 * @property {CustomEvent<UploadTask>} state  the state of one has changed
 *
 * @typedef {object} UploadTaskEventMap
 * @property {CustomEvent<UploadState>} state  it has changed
 * @property {CustomEvent<Progress>} progress  about four times a second while uploading, and with every other state
 * @property {CustomEvent<PathName>} path  parts take another way from now on
 * @property {CustomEvent<boolean>} elsewhere  true: another tab sends this very upload; false: it no longer does
 * @property {CustomEvent<Upload>} complete  as the coordinator has it now
 * @property {CustomEvent<Error>} error  why it failed: an UploadError, a CoordinatorError, or what a token source threw
 *
 * @typedef {object} CoordinatorUploadEventMap  they bubble, also out of shadow trees
 * @property {CustomEvent<{ task: UploadTask }>} add
 * @property {CustomEvent<{ task: UploadTask, state: UploadState }>} state
 * @property {CustomEvent<{ task: UploadTask, progress: Progress }>} progress
 * @property {CustomEvent<{ task: UploadTask, path: PathName }>} path
 * @property {CustomEvent<{ task: UploadTask, elsewhere: boolean }>} elsewhere
 * @property {CustomEvent<{ task: UploadTask, upload: Upload }>} complete
 * @property {CustomEvent<{ task: UploadTask, error: Error }>} error
 */

/**
 * Takes listeners for these events.
 *
 * @template Events
 * @typedef {{
 *   addEventListener<Name extends keyof Events>(
 *     type: Name,
 *     listener: Listener<Events[Name]> | null,
 *     options?: boolean | AddEventListenerOptions,
 *   ): void,
 *   removeEventListener<Name extends keyof Events>(
 *     type: Name,
 *     listener: Listener<Events[Name]> | null,
 *     options?: boolean | EventListenerOptions,
 *   ): void,
 * }} Listened
 */

/**
 * @template Event
 * @typedef {((event: Event) => unknown) | { handleEvent(event: Event): unknown }} Listener
 */

/**
 * An EventTarget of these events and no other: a name that is not told is refused by the compiler.
 *
 * @template Events
 * @typedef {{ new (): Listened<Events> & Pick<EventTarget, 'dispatchEvent'> }} TargetOf
 */

/**
 * An element that tells these events besides an element's own; those of the same name are these.
 *
 * @template Events
 * @typedef {{ new (): Listened<Events> & HTMLElement }} ElementOf
 */

/** @import { PathName } from './ports.js' */
/** @import { Progress } from './progress.js' */
/** @import { UploadState, UploadTask } from './task.js' */
/** @import { Upload } from './types.js' */

export {};
