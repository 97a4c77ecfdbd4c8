import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PhotoError, type PhotoSource, readPhoto } from '../../client/photo.ts';

const LARGEST = 2_359_296;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-photo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function writePhoto(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function readAll(source: PhotoSource): Promise<Buffer | string> {
  const photo = await readPhoto(source, undefined);
  if (photo.form === 'bytes') return Buffer.concat(photo.chunks);
  return photo.form === 'base64' ? photo.text : photo.form === 'url' ? photo.url : photo.photoId;
}

const failureOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => null,
    (error: unknown) => error,
  );

const forms: readonly (readonly [string, (bytes: Buffer) => Promise<PhotoSource>])[] = [
  ['a path', (bytes) => writePhoto('photo.jpg', bytes)],
  ['bytes', async (bytes) => new Uint8Array(bytes)],
  ['a file stream', async (bytes) => createReadStream(await writePhoto('stream.jpg', bytes))],
  ['a web stream', async (bytes) => ReadableStream.from(chunksOf(bytes))],
  ['a generator', async (bytes) => chunksOf(bytes)],
];

describe.each(forms)('a photo given as %s', (_, make) => {
  test('is read to its end, if it has the largest size', async () => {
    const bytes = Buffer.alloc(LARGEST, 'photo');
    expect(bytes.equals(Buffer.from(await readAll(await make(bytes))))).toBe(true);
  });

  test('is refused one byte later', async () => {
    const failure = await failureOf(readAll(await make(Buffer.alloc(LARGEST + 1))));
    expect(failure).toBeInstanceOf(PhotoError);
    expect(failure).toMatchObject({
      attempts: 0,
      code: null,
      message: `The photo is larger than ${LARGEST} bytes (3145728 as Base64)`,
    });
  });
});

test('Base64 goes as it is, within the same limit', async () => {
  expect(await readAll({ base64: 'cGhvdG8=' })).toBe('cGhvdG8=');
  expect(await readAll({ base64: 'A'.repeat(3_145_728) })).toHaveLength(3_145_728);
  await expect(readAll({ base64: 'A'.repeat(3_145_732) })).rejects.toBeInstanceOf(PhotoError);
});

describe('a stream', () => {
  test('without end is left at the limit, and closed', async () => {
    const state = { bytes: 0, closed: false };
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          state.bytes += 65_536;
          yield new Uint8Array(65_536);
        }
      } finally {
        state.closed = true;
      }
    }
    await expect(readAll(endless())).rejects.toBeInstanceOf(PhotoError);
    expect(state).toEqual({ bytes: LARGEST + 65_536, closed: true });
  });

  test('that is too long has its file closed', async () => {
    const stream = createReadStream(await writePhoto('long.jpg', Buffer.alloc(LARGEST + 1)));
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    await expect(readPhoto(stream, new AbortController().signal)).rejects.toBeInstanceOf(PhotoError);
    await closed;
    expect(stream.destroyed).toBe(true);
  });

  test('that fails fails the call with its own error', async () => {
    const own = new Error('the camera was unplugged');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      throw own;
    }
    expect(await failureOf(readPhoto(failing(), new AbortController().signal))).toBe(own);
    expect(await failureOf(readPhoto(failing(), undefined))).toBe(own);
  });

  test('that has come to a halt can be left', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer needed');
    async function* halting(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      queueMicrotask(() => controller.abort(reason));
      await new Promise(() => undefined);
    }
    expect(await failureOf(readPhoto(halting(), controller.signal))).toBe(reason);
  });

  test('is not begun after an abort', async () => {
    const reason = new Error('no longer needed');
    const state = { begun: false };
    async function* watched(): AsyncGenerator<Uint8Array> {
      state.begun = true;
      yield new Uint8Array(1);
    }
    expect(await failureOf(readPhoto(watched(), AbortSignal.abort(reason)))).toBe(reason);
    expect(state.begun).toBe(false);
  });
});

describe('a file that cannot be read', () => {
  test.each([
    ['is not there', () => join(folder, '测试甲子.jpg'), 'ENOENT'],
    ['is a folder', () => folder, 'EISDIR'],
  ])(
    'because it %s is reported by its code, not by its path, which may name a person',
    async (_, path, code) => {
      const failure = await failureOf(readAll(path()));
      expect(failure).toMatchObject({
        name: 'PhotoError',
        code,
        message: `The file of the photo cannot be read: ${code}`,
      });
      expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(folder);
    },
  );
});
