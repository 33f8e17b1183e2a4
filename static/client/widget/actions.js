/** What the buttons of a row do. What would lose something is asked first. */

/** @import { UploadTask } from '../task.js' */
/** @import { Action } from './face.js' */
/** @import { Scene } from './scene.js' */

import { saveAs } from './download.js';
import { isolated } from './words.js';

/**
 * All but `clear`.
 *
 * @param {Exclude<Action, 'clear'>} action
 * @param {UploadTask} task
 * @param {Scene} scene
 */
export async function act(action, task, scene) {
  if (action === 'pause') task.pause();
  else if (action === 'resume' || action === 'retry') task.resume();
  else if (action === 'anew' && (await mayDiscard(task, scene))) task.sendAnew();
  else if (action === 'cancel' && (await mayCancel(task, scene))) await task.cancel();
  else if (action === 'download' && task.upload) saveAs(await scene.uploader.downloadUrl(task.upload.id));
}

/**
 * @param {UploadTask} task
 * @param {Scene} scene
 */
async function mayCancel({ file, progress, elsewhere }, { words, question }) {
  // what another tab sends is only not followed any more
  if (progress.bytesSent === 0 || elsewhere) return true;
  return question.ask({
    title: words.say('cancelTitle', { name: isolated(file.name) }),
    text: words.say('cancelText', { size: words.size(progress.bytesSent) }),
    action: words.say('cancelDo'),
  });
}

/**
 * @param {UploadTask[]} tasks
 * @param {Scene} scene
 */
export async function mayCancelAll(tasks, { words, question }) {
  const sent = tasks.reduce((sum, task) => sum + task.progress.bytesSent, 0);
  if (sent === 0) return true;
  return question.ask({
    title: words.say('cancelAllTitle', { count: tasks.length }),
    text: words.say('cancelText', { size: words.size(sent) }),
    action: words.say('cancelAll'),
  });
}

/**
 * @param {UploadTask} task
 * @param {Scene} scene
 */
async function mayDiscard({ standing }, { words, question }) {
  if (!standing) return false;
  return question.ask({
    title: words.say('discardTitle', { name: isolated(standing.filename) }),
    text: words.say('anewText', { size: words.size(standing.bytes_uploaded) }),
    action: words.say('anew'),
  });
}
