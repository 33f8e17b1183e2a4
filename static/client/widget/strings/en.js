/**
 * Everything the widget says, in English. `{name}` and the like are filled in; a text with forms takes the one
 * that the language has for `{count}`. Other languages have the same members; what they lack is said in English.
 *
 * @typedef {string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string })} Text
 */

export const strings = {
  // choosing
  region: 'File upload',
  drop: 'Drop files or folders here',
  dropFiles: 'Drop files here',
  dropNow: 'Let go to upload',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  hint: 'As many and as large as you like. Files can be pasted, too.',
  limitSize: 'At most {size} each',
  limitMin: 'at least {size} each',
  limitCount: { one: '{count} file at most', other: '{count} files at most' },
  limitTypes: 'Only {types}',
  kindImages: 'images',
  kindVideos: 'videos',
  kindAudio: 'audio',
  kindText: 'text',
  reading: 'Reading the folder…',
  nothingFound: 'There are no files in what was chosen.',
  someUnreadable: {
    one: '{count} item could not be read and was left out: {names}',
    other: '{count} items could not be read and were left out: {names}',
  },
  offline: 'No network. Uploads go on by themselves when it is back.',

  // access
  tokenTitle: 'An upload token is needed',
  tokenHint: 'It is kept in this page only, until you close or reload it.',
  tokenRefused: 'That token was not accepted: it is wrong or has expired. Try another one.',
  tokenLabel: 'Upload token',
  tokenUse: 'Use token',

  // the list
  files: 'Files',
  total: 'All files',
  completeOf: '{done} of {count} complete',
  sentOf: '{sent} of {total}',
  left: '{time} left',
  fewSeconds: 'a few seconds left',
  moreThanADay: 'more than a day left',
  sizeUnknown: 'size not known yet',
  failedCount: { one: '{count} stopped', other: '{count} stopped' },
  pauseAll: 'Pause all',
  resumeAll: 'Resume all',
  cancelAll: 'Cancel all',
  clearDone: 'Clear finished',
  showMore: { one: 'Show {count} more', other: 'Show {count} more' },

  // one file
  waiting: 'Waiting',
  preparing: 'Preparing',
  uploading: 'Uploading',
  paused: 'Paused',
  finishing: 'Finishing',
  completed: 'Complete',
  failed: 'Stopped',
  cancelling: 'Cancelling',
  cancelled: 'Cancelled',
  tryingAgain: 'Trying again',
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Try again',
  anew: 'Discard and send anew',
  download: 'Download',
  cancel: 'Cancel',
  clear: 'Clear',
  actionOn: '{action} {name}',
  progressOf: 'Progress of {name}',
  partsDone: { one: '{done} of {count} part stored', other: '{done} of {count} parts stored' },
  partsFlying: { one: '{count} under way', other: '{count} under way' },
  pathDirect: 'straight to storage',
  pathRelay: 'through the service, because the direct way to storage is blocked here: this is slower',
  elsewhere: 'Another tab is sending this file; this one follows, and takes over when that one closes.',
  elsewhereWaiting: 'Another tab is sending it right now.',

  // unfinished from before
  unfinished: 'Unfinished uploads',
  stored: '{size} stored',
  expires: 'expires {when}',
  expiresNow: 'expires any moment',
  goOn: 'Go on',
  goOnHint: 'This browser still knows the file: one click goes on.',
  chooseAgain: 'Choose file',
  chooseAgainHint: 'Choose {name} again to go on.',
  unmatched:
    'It cannot be matched to a file. Unless it goes on where it was begun, discard it here and start again.',
  discard: 'Discard',
  unlisted: 'The list of unfinished uploads cannot be shown. {reason}',

  // questions
  keep: 'Keep it',
  cancelTitle: 'Cancel {name}?',
  cancelText: 'The {size} sent so far are deleted. A paused upload can go on later, a cancelled one cannot.',
  cancelDo: 'Cancel upload',
  cancelAllTitle: { one: 'Cancel {count} upload?', other: 'Cancel {count} uploads?' },
  discardTitle: 'Discard {name}?',
  discardText: 'The {size} stored so far are deleted.',
  anewText: 'The {size} stored so far are deleted, and the file is sent as it is now.',

  // for screen readers
  newsAt: '{name}: {percent}',
  newsOf: '{name}: {news}',
  newsPaused: '{name}: paused',
  newsCompleted: '{name}: upload complete',
  newsFailed: '{name}: upload stopped. {reason}',
  newsCancelled: '{name}: upload cancelled',
  newsTotal: '{done} of {count} complete, {percent}',
  newsAll: { one: 'The upload is complete', other: 'All {count} uploads are complete' },
  newsAdded: { one: '{count} file added', other: '{count} files added' },

  // what went wrong, and what to do
  fileUnreadable: 'This file cannot be read. If it is open elsewhere, close it; then try again.',
  fileChanged:
    'The file was changed after its upload began, so the parts would not fit together. ' +
    'Cancel this upload and add the file again.',
  fileChangedBefore:
    'The file was changed since the upload of “{name}” began ({when}), so what is stored would not fit ' +
    'together with the rest. To send the file as it is now, discard the unfinished upload first.',
  otherFile:
    'This is not the file that the unfinished upload began with: it is another one, or it was ' +
    'changed since. Choose the original file, or discard the unfinished upload and start again.',
  noFingerprint:
    'This page was not opened over https, so the browser cannot tell whether it is the same file. ' +
    'Open it over https to go on with an unfinished upload.',
  noPermission: 'The browser was not allowed to read the file. Allow it, or choose the file again.',
  fileMissing: 'The file was moved or deleted since. Choose it again from where it is now.',
  localFailure: 'The upload stopped: {detail}',
  alreadyHere: 'This file is in the list already.',
  tooLarge: 'This file is larger than the {limit} that are allowed. Choose a smaller one.',
  tooSmall: 'This file is smaller than the {limit} that are asked for. Choose another one.',
  wrongType: 'Files of this kind are not taken here. Allowed: {types}.',
  tooMany: {
    one: 'No more than {count} file can be sent here. Remove another one first.',
    other: 'No more than {count} files can be sent here. Remove another one first.',
  },
  streamBroken:
    'What was to be sent broke off before its end: the recording or the other program stopped. Start it again.',
  storeRefused:
    'The storage refuses the file again and again. Try again later; if it stays so, tell whoever runs this service.',
  storeUnreachable:
    'The storage cannot be reached from here: the network, a firewall or a browser extension may block it. ' +
    'Try again, or use another network.',
  partFailed: 'The storage keeps failing. What is stored stays; try again later.',
  ended:
    'This upload was ended elsewhere: cancelled in another window, or by an administrator. ' +
    'Add the file again to start anew.',
  unreachable: 'The upload service cannot be reached. Check the connection and try again.',
  unauthenticated: 'The service does not accept who is asking: sign in again, then try again.',
  forbidden: 'You may not upload here. Ask whoever gave you this page.',
  quotaExceeded: 'There is no room left for this file. Ask for more, or send a smaller one.',
  serviceBusy: 'The service or its storage is not available right now. What is stored stays; try again soon.',
  misconfigured: 'The storage behind this service is not set up right. Tell whoever runs it.',
  sizeRefused:
    'This file is too large for this place, or its size has to be known beforehand. Choose a smaller one, or ask whoever gave you this page how large it may be.',
  typeRefused:
    'Files of this kind are not taken here. Choose another one, or ask whoever gave you this page which kinds are.',
  nameRefused:
    'The name of this file, or of its folder, has characters that are not allowed, or is too long. Rename it and choose it again.',
  noDigests:
    'The page was not opened over https, so the browser cannot compute the checksums that the storage asks for. Open it over https.',
  refusedWith: 'The service refuses this: {detail}',
};
