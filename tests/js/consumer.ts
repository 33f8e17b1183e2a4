// What a TypeScript user of the client writes, against its generated declarations: every public thing once, and each
// mistake that the compiler is to refuse. declarations.test.mjs compiles it; nothing runs it.
import { CoordinatorError, fingerprint, UploadError, Uploader, UploadTask } from '/client/index.js';
import type {
  Content,
  FileOptions,
  Limits,
  PathName,
  Progress,
  Resumable,
  TokenSource,
  Upload,
  UploaderEventMap,
  UploaderOptions,
  UploadErrorCode,
  UploadState,
  UploadTaskEventMap,
} from '/client/index.js';
import { recordingStream } from '/client/recording.js';
import { CoordinatorUpload } from '/client/widget/index.js';
import type { CoordinatorUploadEventMap, Found, Total } from '/client/widget/index.js';

/** Holds only where both types are one and the same. */
type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : never;

function same<One, Other>(_same: Same<One, Other>): void {}

declare const file: File;
declare const handle: FileSystemFileHandle;

export function options(): Uploader {
  const token: TokenSource = async ({ refused }) => (refused ? null : 'text');
  const limits: Limits = { maxSize: 1e9, minSize: 1, maxFiles: 3, types: ['image/*', '.pdf'] };
  const given: UploaderOptions = {
    endpoint: 'https://uploads.example',
    token,
    concurrency: 4,
    policy: 'default',
    digests: 'on',
    limits,
    rateLimit: 1_000_000,
    fetch: globalThis.fetch,
  };
  new Uploader();
  new Uploader({ token: 'text', digests: null });
  // @ts-expect-error -- not an option
  new Uploader({ endpont: 'https://uploads.example' });
  // @ts-expect-error -- not an algorithm
  new Uploader({ digests: 'crc32' });
  // @ts-expect-error -- a number is wanted
  new Uploader({ concurrency: '4' });
  // @ts-expect-error -- a token is text
  new Uploader({ token: () => 42 });
  return new Uploader(given);
}

export async function adding(uploader: Uploader): Promise<string> {
  const wishes: FileOptions = {
    policy: 'default',
    metadata: { album: 'summer' },
    path: 'photos/a.jpg',
    signal: AbortSignal.timeout(1000),
    gzip: true,
    handle,
  };
  const task: UploadTask = uploader.add(file, wishes);
  const streamed: UploadTask = uploader.addStream(new ReadableStream<Uint8Array<ArrayBuffer> | string>(), {
    name: 'log.txt',
    type: 'text/plain',
    metadata: {},
  });
  uploader.add(file);
  // @ts-expect-error -- a Blob has neither name nor time
  uploader.add(new Blob());
  // @ts-expect-error -- metadata is text
  uploader.add(file, { metadata: { count: 1 } });
  // @ts-expect-error -- a stream has no name of its own
  uploader.addStream(new ReadableStream<string>(), {});
  // @ts-expect-error -- neither bytes nor text
  uploader.addStream(new ReadableStream<number>(), { name: 'numbers' });
  // @ts-expect-error -- tasks are made by an Uploader
  new UploadTask(file);
  same<typeof task.done, Promise<Upload>>(true);
  const { id, key, etag, size, state, metadata }: Upload = await task.done;
  same<typeof etag, string | null>(true);
  same<typeof size, number | null>(true);
  // @ts-expect-error -- a state the coordinator does not have
  if (state === 'finished') return '';
  uploader.remove(streamed);
  return `${id} ${key} ${metadata.path ?? ''} ${await uploader.downloadUrl(id)}`;
}

export function uploaderEvents(uploader: Uploader): void {
  uploader.addEventListener('add', (event) => same<typeof event, CustomEvent<UploadTask>>(true));
  uploader.addEventListener('state', ({ detail }) => detail.state === 'completed', { once: true });
  const listener = ({ detail }: UploaderEventMap['add']) => detail.pause();
  uploader.addEventListener('add', listener);
  uploader.removeEventListener('add', listener);
  // @ts-expect-error -- an UploadTask tells it
  uploader.addEventListener('progress', () => {});
  same<typeof uploader.uploads, UploadTask[]>(true);
  same<typeof uploader.active, boolean>(true);
  same<typeof uploader.concurrency, number>(true);
  // @ts-expect-error -- only the Uploader knows
  uploader.concurrency = 3;
  const target: EventTarget = uploader;
  target.dispatchEvent(new Event('add'));
}

export function taskEvents(task: UploadTask): void {
  task.addEventListener('state', ({ detail }) => same<typeof detail, UploadState>(true));
  task.addEventListener('progress', ({ detail }) => same<typeof detail, Progress>(true));
  task.addEventListener('path', ({ detail }) => same<typeof detail, PathName>(true));
  task.addEventListener('elsewhere', ({ detail }) => same<typeof detail, boolean>(true));
  task.addEventListener('complete', ({ detail }) => same<typeof detail, Upload>(true));
  task.addEventListener('error', ({ detail }) => same<typeof detail, Error>(true));
  task.addEventListener('complete', { handleEvent: ({ detail }) => detail.key });
  task.addEventListener('complete', null);
  const listener = (event: UploadTaskEventMap['progress']) => event.detail.fraction;
  task.addEventListener('progress', listener, { signal: AbortSignal.timeout(10) });
  task.removeEventListener('progress', listener);
  // @ts-expect-error -- misspelt
  task.addEventListener('completed', () => {});
  // @ts-expect-error -- a Progress has no `percent`
  task.addEventListener('progress', ({ detail }) => detail.percent);
  // @ts-expect-error -- the listener of another event
  task.addEventListener('complete', listener);
  const target: EventTarget = task;
  target.dispatchEvent(new Event('state'));
}

export async function controlling(task: UploadTask): Promise<void> {
  same<typeof task.state, UploadState>(true);
  same<typeof task.progress, Progress>(true);
  same<typeof task.file, File | Content>(true);
  same<typeof task.path, PathName>(true);
  same<typeof task.error, Error | null>(true);
  same<typeof task.upload, Upload | null>(true);
  same<typeof task.standing, Upload | null>(true);
  const facts: boolean[] = [task.active, task.troubled, task.elsewhere];
  const parts = task.parts;
  if (parts) facts.push(parts.done.has(1), parts.count > 0, parts.size > 0, parts.flying.get(1) === 0);
  task.pause();
  task.resume();
  task.sendAnew();
  await task.cancel();
  // @ts-expect-error -- not a state
  if (task.state === 'done') task.pause();
  // @ts-expect-error -- states are reached by verbs
  task.state = 'paused';
  // @ts-expect-error -- null while the length of a stream is not known
  const total: number = task.progress.bytesTotal;
  facts.push(total > 0);
}

export async function resuming(uploader: Uploader): Promise<UploadTask[]> {
  const unfinished: Upload[] = await uploader.unfinished();
  for (const expected of unfinished) uploader.add(file, { expected });
  const found: Resumable[] = await uploader.resumable();
  const open = found.filter(({ handle: kept, elsewhere }) => kept !== null && !elsewhere);
  for (const { upload } of found) {
    // @ts-expect-error -- what `resumable()` finds is more than an upload
    await uploader.resumeFrom(upload);
    await uploader.discard(upload.id);
  }
  same<Awaited<ReturnType<typeof fingerprint>>, string | null>(true);
  return Promise.all(open.map((one) => uploader.resumeFrom(one)));
}

export function errors(error: unknown): string {
  if (error instanceof UploadError) {
    const code: UploadErrorCode = error.code;
    // @ts-expect-error -- not a code
    if (error.code === 'file_gone') return '';
    return `${code} ${String(error.values.name)} ${error.message}`;
  }
  if (!(error instanceof CoordinatorError)) return String(error);
  const { status, code, retryAfter, errors: fields, partNumbers } = error;
  same<typeof retryAfter, number | null>(true);
  return `${status} ${code} ${fields.map(({ path, message }) => path + message).join()} ${partNumbers.join()}`;
}

export function recording(uploader: Uploader, recorder: MediaRecorder): UploadTask {
  // @ts-expect-error -- the recorder is wanted, not its media
  recordingStream(recorder.stream);
  return uploader.addStream(recordingStream(recorder), { name: 'talk.webm', type: recorder.mimeType });
}

export async function widget(): Promise<void> {
  const element = document.createElement('coordinator-upload');
  same<typeof element, CoordinatorUpload>(true);
  const found = document.querySelector('coordinator-upload');
  same<typeof found, CoordinatorUpload | null>(true);
  element.token = async () => (await fetch('/upload-token')).text();
  // @ts-expect-error -- a token is text
  element.token = 42;
  const given: Found = { file, path: 'photos/a.jpg' };
  const tasks: UploadTask[] = element.add([file, given]);
  same<typeof element.uploader, Uploader>(true);
  same<typeof element.progress, Total>(true);
  await element.ready;
  await element.choose();
  element.addEventListener('complete', ({ detail }) => detail.upload.key + detail.task.state);
  element.addEventListener('progress', ({ detail }) => same<typeof detail.progress, Progress>(true));
  element.addEventListener('error', ({ detail }) => same<typeof detail.error, Error>(true));
  element.addEventListener('click', (event) => event.clientX);
  const listener = ({ detail }: CoordinatorUploadEventMap['state']) => detail.state;
  element.addEventListener('state', listener);
  element.removeEventListener('state', listener);
  // @ts-expect-error -- the detail of `add` is the task alone
  element.addEventListener('add', ({ detail }) => detail.upload);
  document.body.append(element, String(tasks.length), String(element.active));
}
