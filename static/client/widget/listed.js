/** An uploader that says what it forgets: a page may have it forget what has a row. */

/** @import { UploadTask } from '../task.js' */

import { Uploader } from '../uploader.js';

export class ListedUploader extends Uploader {
  /** @type {(task: UploadTask) => void} called at once, also where the task is cancelled first */
  onRemove = () => {};

  /**
   * @override
   * @param {UploadTask} task
   */
  remove(task) {
    const gone = super.remove(task);
    this.onRemove(task);
    return gone;
  }
}
