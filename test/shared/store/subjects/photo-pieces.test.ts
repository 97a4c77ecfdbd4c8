import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { joinPhoto, splitPhoto } from '../../../../shared/store/subjects/photo-pieces.ts';

const PIECE = 32_762;

/** As Redis gives a hash back: fields in no particular order. */
function asHash(fields: readonly (string | Buffer)[]): Record<string, Buffer> {
  const entries = Array.from({ length: fields.length / 2 }, (_, i): [string, Buffer] => [
    String(fields[2 * i]),
    Buffer.from(fields[2 * i + 1] ?? ''),
  ]);
  return Object.fromEntries(entries.reverse());
}

describe('a sealed photo in pieces', () => {
  it.each([
    { bytes: 0, pieces: 1 },
    { bytes: 1, pieces: 1 },
    { bytes: PIECE, pieces: 1 },
    { bytes: PIECE + 1, pieces: 2 },
    { bytes: 11 * PIECE, pieces: 11 },
    { bytes: 3_000_000, pieces: 92 },
  ])('of $bytes bytes is stored in $pieces fields and put together again', ({ bytes, pieces }) => {
    const photo = randomBytes(bytes);
    const fields = splitPhoto(photo);
    expect(fields).toHaveLength(2 * pieces);
    expect(joinPhoto(asHash(fields))?.equals(photo)).toBe(true);
  });

  it('is read where it was stored whole', () => {
    const photo = randomBytes(100_000);
    expect(joinPhoto({ photo })).toEqual(photo);
  });

  it('is none where its first piece is missing', () => {
    expect(joinPhoto({})).toBeNull();
    expect(joinPhoto({ 'photo:1': randomBytes(8) })).toBeNull();
  });
});
