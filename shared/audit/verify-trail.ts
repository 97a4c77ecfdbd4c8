import { isSignedBy } from '../signing/ed25519.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { type AuditLine, hashEntry, signedBytes } from './audit-entry.ts';
import type { AuditPlace } from './audit-head.ts';
import { longestIncreasing } from './longest-increasing.ts';

/** What was done to a trail, if it is not what was written. */
export type FindingKind =
  /** It is not the entry that was written, or its link or its signature is not. */
  | 'changed'
  /** It stands in another place than it was written in. */
  | 'moved'
  /** It was never written: made up, or a copy of another. */
  | 'inserted'
  /** It was written, and is gone: from the middle or the beginning; from the end. */
  | 'missing'
  | 'truncated'
  /** All hashes agree, but not with what was signed elsewhere: the chain was made again. */
  | 'rewritten'
  /** Nothing shows who wrote it. */
  | 'unsigned';

export interface Finding {
  readonly kind: FindingKind;
  /** The entry, or the first of them; of an inserted one, the entry that it stands behind. */
  readonly number: number;
  /** The last of them. */
  readonly through: number;
  readonly text: string;
}

export interface TrailToVerify {
  /** In the order in which they stand; null for what cannot be read as one. */
  readonly lines: readonly (AuditLine | null)[];
  /** What stands before the first: a verified checkpoint, or the beginning. */
  readonly start: AuditPlace;
  /** Heads that were signed, or noted elsewhere, at any time. */
  readonly anchors: readonly AuditPlace[];
  /** null: hashes alone are compared, which shows no edit that made all later hashes again. */
  readonly keys: VerifyingKeys | null;
  /** Entries up to this number may be unsigned: they are older than the deployment's keys. */
  readonly unsignedThrough: number;
}

interface Placed {
  readonly line: AuditLine;
  readonly isHashRight: boolean;
}

/**
 * Compares a trail with itself, with its signatures and with heads that were kept elsewhere.
 *
 * @returns each edit by the entries that it touched, in their order; none when the trail is what was written
 */
export function verifyTrail(trail: TrailToVerify): readonly Finding[] {
  const found: Finding[] = [];
  const written = keepInOrder(trail, found);
  const named = nameStrangers(trail, written, found);
  findGaps(trail, named, found);
  checkLinks(trail, written, found);
  checkAnchors(trail, written, found);
  return found.toSorted((a, b) => a.number - b.number);
}

/** Whether the line is one that was written, as far as its keys or, without keys, its hash show. */
function isWritten({ keys, unsignedThrough }: TrailToVerify, line: AuditLine): boolean {
  const isHashRight = hashEntry(line.previous, line.entry) === line.hash;
  if (keys === null) return isHashRight;
  if (line.signature === null) return isHashRight && line.entry.number <= unsignedThrough;
  const key = keys.get(line.keyId ?? '');
  const signature = Buffer.from(line.signature, 'base64url');
  return key !== undefined && isSignedBy(key, signedBytes(line.entry), signature);
}

/** The written entries by their numbers; those out of place are named. */
function keepInOrder(trail: TrailToVerify, found: Finding[]): ReadonlyMap<number, Placed> {
  const written = trail.lines.filter((line) => line !== null && isWritten(trail, line)) as AuditLine[];
  const numbers = written.map(({ entry }) => entry.number);
  const inPlace = new Set(longestIncreasing(numbers));
  const kept = new Set([...inPlace].map((i) => numbers[i]));
  const firstAt = new Map(numbers.map((number, i) => [number, i] as const).reverse());
  const placed = new Map<number, Placed>();
  written.forEach((line, i) => {
    const { number } = line.entry;
    const before = numbers[i - 1] ?? trail.start.number;
    if (inPlace.has(i) || !placed.has(number)) {
      placed.set(number, { line, isHashRight: hashEntry(line.previous, line.entry) === line.hash });
    }
    if (inPlace.has(i)) return;
    const isCopy = kept.has(number) || firstAt.get(number) !== i;
    if (isCopy) note(found, 'inserted', before, `a copy of entry ${number} stands behind entry ${before}`);
    else note(found, 'moved', number, `entry ${number} stands behind entry ${before}`);
  });
  return placed;
}

/** Lines that were not written so: each is an entry that was changed, or one that never was. @returns the numbers accounted for */
function nameStrangers(
  trail: TrailToVerify,
  written: ReadonlyMap<number, Placed>,
  found: Finding[],
): ReadonlySet<number> {
  const named = new Set(written.keys());
  const noted = trail.anchors.map(({ number }) => number);
  const last = highest([...noted, ...named], trail.start.number);
  let before = trail.start.number;
  for (const line of trail.lines) {
    const claimed = line?.entry.number ?? 0;
    if (line !== null && written.get(claimed)?.line === line) before = claimed;
    if (line !== null && isWritten(trail, line)) continue;
    const number = findPlace({ named, before, claimed, last, mayBeNew: noted.length === 0 });
    if (number === null) {
      note(found, 'inserted', before, `an entry that was never written stands behind entry ${before}`);
      continue;
    }
    named.add(number);
    before = number;
    if (trail.keys !== null && line?.signature === null) {
      note(found, 'unsigned', number, `entry ${number} is unsigned`);
    } else note(found, 'changed', number, `entry ${number} is not what was written`);
  }
  return named;
}

interface Stranger {
  readonly named: ReadonlySet<number>;
  /** The entry that it stands behind. */
  readonly before: number;
  /** What it says that it is; 0: nothing. */
  readonly claimed: number;
  readonly last: number;
  /** It may be an entry behind the last one that is known: no head says where the trail ended. */
  readonly mayBeNew: boolean;
}

/** Which entry a line was before it was changed: the one that it says or, where it stands, the next; null for none that is missing. */
function findPlace({ named, before, claimed, last, mayBeNew }: Stranger): number | null {
  if (claimed > 0 && claimed <= last && !named.has(claimed)) return claimed;
  const next = before + 1;
  return named.has(next) || (next > last && !mayBeNew) ? null : next;
}

function findGaps({ start, anchors }: TrailToVerify, named: ReadonlySet<number>, found: Finding[]): void {
  const present = highest(named, start.number);
  const numbers = [...named].filter((number) => number > start.number).toSorted((a, b) => a - b);
  let before = start.number;
  for (const number of numbers) {
    if (number > before + 1) noteGap(found, 'missing', before + 1, number - 1);
    before = number;
  }
  const noted = anchors.map(({ number }) => number);
  const last = highest(noted, present);
  if (last > present) noteGap(found, 'truncated', present + 1, last);
}

function noteGap(found: Finding[], kind: 'missing' | 'truncated', number: number, through: number): void {
  const which = number === through ? `entry ${number} is` : `entries ${number} to ${through} are`;
  const where = kind === 'truncated' ? 'missing at the end' : 'missing';
  found.push({ kind, number, through, text: `${which} ${where}` });
}

/** Hash by hash, where both entries stand there as they were written. */
function checkLinks(
  { start, keys }: TrailToVerify,
  written: ReadonlyMap<number, Placed>,
  found: Finding[],
): void {
  const isNamed = new Set(found.filter(({ kind }) => kind === 'changed').map(({ number }) => number));
  const name = (number: number) => {
    isNamed.add(number);
    note(found, 'changed', number, `entry ${number} is not linked as it was written`);
  };
  for (const [number, { isHashRight }] of written) if (!isHashRight) name(number);
  const breaks = (number: number): boolean => {
    const one = written.get(number);
    if (one === undefined || isNamed.has(number) || isNamed.has(number - 1)) return false;
    const hash = number === start.number + 1 ? start.hash : written.get(number - 1)?.line.hash;
    return hash !== undefined && hash !== one.line.previous;
  };
  for (const number of [...written.keys()].toSorted((a, b) => a - b)) {
    // Without keys it is the entry before that is not what this one, with a hash of its own, was made behind.
    const isOwn = keys !== null || !written.has(number - 1);
    if (breaks(number + 1) || (isOwn && breaks(number))) name(number);
  }
}

function checkAnchors(
  { start, anchors }: TrailToVerify,
  written: ReadonlyMap<number, Placed>,
  found: Finding[],
): void {
  let agreed = start.number;
  for (const { number, hash } of anchors.toSorted((a, b) => a.number - b.number)) {
    const here = number === start.number ? start.hash : written.get(number)?.line.hash;
    if (here === hash) agreed = number;
    if (here === undefined || here === hash) continue;
    // An edit that has been named explains the hashes behind it.
    if (found.some((finding) => finding.number <= number)) return;
    found.push({
      kind: 'rewritten',
      number: Math.min(agreed + 1, number),
      through: number,
      text: `the entries up to ${number} are not those whose head was noted: one behind entry ${agreed} was changed, and all hashes made again`,
    });
    return;
  }
}

/** The highest of many: as arguments of one call they would fill the stack. */
function highest(numbers: Iterable<number>, least: number): number {
  let found = least;
  for (const number of numbers) if (number > found) found = number;
  return found;
}

function note(found: Finding[], kind: FindingKind, number: number, text: string): void {
  found.push({ kind, number, through: number, text });
}
