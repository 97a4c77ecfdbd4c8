import { MAX_PHOTO_BASE64_LENGTH, MAX_PHOTO_BYTES } from '../shared/contract/photo-limits.ts';
import { onAbort } from './on-abort.ts';
import { nameErrors, VeriqueueError } from './veriqueue-error.ts';

/** A path, the bytes, a stream of them, standard Base64, the URL that the server fetches the photo from, or the id of one that was uploaded. */
export type PhotoSource =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | { readonly base64: string }
  | { readonly url: string }
  | { readonly photoId: string };

/** What a request can carry, however often it is sent. */
export type Photo =
  | { readonly form: 'bytes'; readonly chunks: readonly Uint8Array[] }
  | { readonly form: 'base64'; readonly text: string }
  | { readonly form: 'url'; readonly url: string }
  | { readonly form: 'upload'; readonly photoId: string };

/** The photo cannot be read, or is larger than any that is taken. Nothing was sent. */
export class PhotoError extends VeriqueueError {
  /**
   * The system's code, such as ENOENT, or `no_file_system` where a runtime has no files; null when the photo is too large. A
   * path, which may name a person, is kept out.
   */
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message, { attempts: 0 });
    this.code = code;
  }
}

nameErrors({ PhotoError });

/**
 * Reads a photo once, as far as the server would: a stream cannot be sent a second time.
 *
 * @throws {PhotoError}
 * @throws what the caller's own stream throws
 * @throws the signal's reason when it is aborted
 */
export async function readPhoto(source: PhotoSource, signal: AbortSignal | undefined): Promise<Photo> {
  signal?.throwIfAborted();
  if (typeof source === 'string') return { form: 'bytes', chunks: await readFile(source, signal) };
  if (source instanceof Uint8Array) {
    if (source.byteLength > MAX_PHOTO_BYTES) throw tooLarge();
    return { form: 'bytes', chunks: [source] };
  }
  if ('base64' in source) {
    if (source.base64.length > MAX_PHOTO_BASE64_LENGTH) throw tooLarge();
    return { form: 'base64', text: source.base64 };
  }
  if ('url' in source) return { form: 'url', url: source.url };
  if ('photoId' in source) return { form: 'upload', photoId: source.photoId };
  return { form: 'bytes', chunks: await readStream(source, signal) };
}

/** Computed, so that a bundler for a runtime without files does not look for it: only who gives a path needs it. */
const FILE_SYSTEM = ['node', 'fs'].join(':');

async function readFile(path: string, signal: AbortSignal | undefined): Promise<Uint8Array[]> {
  const { createReadStream } = await importFileSystem();
  try {
    return await readStream(createReadStream(path), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PhotoError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new PhotoError(`The file of the photo cannot be read: ${code}`, code);
  }
}

async function importFileSystem(): Promise<typeof import('node:fs')> {
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ FILE_SYSTEM);
  } catch {
    throw new PhotoError(
      'This runtime has no files: give the bytes of the photo instead of a path',
      'no_file_system',
    );
  }
}

/** Leaves the loop early where it must, which closes the stream. */
async function readStream(
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of untilAborted(stream, signal)) {
    bytes += chunk.byteLength;
    if (bytes > MAX_PHOTO_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks;
}

/** A stream that has come to a halt must not keep an abort from being heard. */
async function* untilAborted<T>(
  stream: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  if (signal === undefined) return yield* stream;
  const iterator = stream[Symbol.asyncIterator]();
  const { promise: aborted, reject } = withoutResolution();
  const forget = onAbort(signal, () => reject(signal.reason));
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), aborted]);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    forget();
    // Not awaited: the end of a generator that waits for its next chunk waits as well.
    iterator.return?.().catch(() => undefined);
  }
}

/** A promise that is only ever rejected, possibly when nothing awaits it any more. */
function withoutResolution(): {
  readonly promise: Promise<never>;
  readonly reject: (reason: unknown) => void;
} {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, rejectIt) => {
    reject = rejectIt;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}

function tooLarge(): PhotoError {
  return new PhotoError(
    `The photo is larger than ${MAX_PHOTO_BYTES} bytes (${MAX_PHOTO_BASE64_LENGTH} as Base64)`,
    null,
  );
}
