/**
 * A sealed photo in pieces, each a field of the subject's hash: `photo`, `photo:1`, `photo:2` …
 *
 * Redis' allocator (jemalloc) serves a large value from one of four sizes per doubling: 300 kB in one piece occupy 320 KiB,
 * which is 9 % more. A piece of this length fills 32 KiB exactly (5 bytes of header and a final zero are Redis' own), so
 * only the last one is rounded up.
 */
const PIECE_BYTES = 32_768 - 6;

/** Field names and values in turn, as HSET takes them. */
export function splitPhoto(photo: Buffer): (string | Buffer)[] {
  const count = Math.max(1, Math.ceil(photo.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, i) => [
    pieceField(i),
    photo.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  ]).flat();
}

/** Null when there is none. A missing piece in between shows when the photo is opened. */
export function joinPhoto(subject: Readonly<Record<string, Buffer>>): Buffer | null {
  const pieces: Buffer[] = [];
  for (let piece = subject[pieceField(0)]; piece !== undefined; piece = subject[pieceField(pieces.length)]) {
    pieces.push(piece);
  }
  const [only] = pieces;
  if (only === undefined) return null;
  return pieces.length === 1 ? only : Buffer.concat(pieces);
}

const pieceField = (index: number): string => (index === 0 ? 'photo' : `photo:${index}`);

/** Whether a field of the subject's hash holds a piece of its photo. */
export const isPhotoPiece = (field: string): boolean => field === 'photo' || field.startsWith('photo:');
