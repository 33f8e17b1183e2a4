/** Outlines in a square of 24, drawn with a stroke. */

export const ICONS = Object.freeze({
  upload: 'M12 15.5v-11m0 0L7.5 9M12 4.5 16.5 9M4.5 15v2.5a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V15',
  file: 'M13.5 3.5H7a1.5 1.5 0 0 0-1.5 1.5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V8.5zm0 0v5h5',
  done: 'm6 12.5 4 4 8-9',
  pause: 'M9 6.5v11m6-11v11',
  alert: 'M12 5.5v8m0 4.5v.01',
  clock: 'M12 7.5v5l3 2M4 12a8 8 0 1 0 16 0 8 8 0 1 0-16 0',
  key: 'M4.5 15.5a4 4 0 1 0 8 0 4 4 0 1 0-8 0m7-3L19 5m-3 3 3 3',
});

/** @typedef {keyof typeof ICONS} IconName */
