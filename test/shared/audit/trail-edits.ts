import { randomBytes } from 'node:crypto';
import { type AuditEntry, type AuditLine, FIRST_LINK, hashEntry } from '../../../shared/audit/audit-entry.ts';
import type { AuditPlace } from '../../../shared/audit/audit-head.ts';
import { makeLine } from '../../../shared/audit/make-line.ts';
import type { FindingKind } from '../../../shared/audit/verify-trail.ts';
import { type VerifyingKeys, verifyingKeysOf } from '../../../shared/signing/jwks.ts';
import {
  generateSigningKey,
  parseSigningKeys,
  type SigningKey,
} from '../../../shared/signing/signing-keys.ts';

export interface TestTrail {
  readonly lines: readonly AuditLine[];
  readonly head: AuditPlace;
  readonly keys: VerifyingKeys;
}

export function makeSigningKey(): {
  readonly key: SigningKey;
  readonly keys: VerifyingKeys;
  readonly text: string;
} {
  const { secret } = generateSigningKey(randomBytes);
  const parsing = parseSigningKeys(secret);
  if (!parsing.ok || parsing.signingKeys.newest === null) throw new Error('A generated key must be one');
  return { key: parsing.signingKeys.newest, keys: verifyingKeysOf(parsing.signingKeys), text: secret };
}

export function makeEntry(number: number): AuditEntry {
  return {
    number,
    at: new Date(1_900_000_000_000 + number * 1000).toISOString(),
    lane: 'main',
    actorKind: number % 3 === 0 ? 'client' : 'operator',
    actor: number % 3 === 0 ? 'cli_01jd000000000000000000000a' : '李雷',
    action: 'redeliver',
    targetKind: 'verification',
    target: `ver_01jd0000000000000000000${String(number).padStart(3, '0')}`,
    result: 'redelivered',
    details: { count: number },
  };
}

export function makeTrail(length: number): TestTrail {
  const { key, keys } = makeSigningKey();
  const lines: AuditLine[] = [];
  for (let number = 1; number <= length; number += 1)
    lines.push(makeLine(lines.at(-1)?.hash ?? FIRST_LINK, makeEntry(number), key));
  return { lines, head: { number: length, hash: lines.at(-1)?.hash ?? FIRST_LINK }, keys };
}

/** An edit, and how it must be named: one of the kinds, at one of the numbers, and nothing at any other number. */
export interface Edit {
  readonly what: string;
  readonly lines: readonly (AuditLine | null)[];
  readonly kinds: readonly FindingKind[];
  readonly numbers: readonly number[];
}

type Random = () => number;

/** With hashes that fit, from the place `from` on: what one makes who can write Redis, and has no key. */
function linkAgain(lines: readonly AuditLine[], from: number, through = lines.length - 1): AuditLine[] {
  const linked = [...lines];
  for (let i = from; i <= through; i += 1) {
    const line = linked[i];
    if (line === undefined) continue;
    const previous = linked[i - 1]?.hash ?? FIRST_LINK;
    linked[i] = { ...line, previous, hash: hashEntry(previous, line.entry) };
  }
  return linked;
}

const changes: readonly ((entry: AuditEntry) => AuditEntry)[] = [
  (entry) => ({ ...entry, actor: `${entry.actor}x` }),
  (entry) => ({ ...entry, action: 'cancel' }),
  (entry) => ({ ...entry, actorKind: 'system' }),
  (entry) => ({ ...entry, target: null }),
  (entry) => ({ ...entry, targetKind: 'lane' }),
  (entry) => ({ ...entry, result: 'missing' }),
  (entry) => ({ ...entry, at: '2030-01-01T00:00:00.000Z' }),
  (entry) => ({ ...entry, lane: 'other' }),
  (entry) => ({ ...entry, details: {} }),
  (entry) => ({ ...entry, details: { ...entry.details, count: -1 } }),
];

const replaceAt = <T>(list: readonly T[], i: number, item: T): T[] =>
  list.map((each, j) => (j === i ? item : each));

/** One of ten kinds of edits, by chance. */
export function editTrail({ lines }: TestTrail, random: Random): Edit {
  const pick = (below: number) => Math.floor(random() * below);
  const i = pick(lines.length);
  const line = lines[i] as AuditLine;
  const number = i + 1;
  const changed = { ...line, entry: (changes[pick(changes.length)] ?? ((entry) => entry))(line.entry) };
  const at = (kinds: readonly FindingKind[], ...numbers: number[]) => ({ kinds, numbers });
  const edits: readonly (() => Edit)[] = [
    () => ({ what: 'a field', lines: replaceAt(lines, i, changed), ...at(['changed'], number) }),
    () => ({
      what: 'a field, and its hash',
      lines: linkAgain(replaceAt(lines, i, changed), i, i),
      ...at(['changed'], number),
    }),
    () => ({
      what: 'a field, and all hashes from there on',
      lines: linkAgain(replaceAt(lines, i, changed), i),
      ...at(['changed'], number),
    }),
    () => {
      const name = (['hash', 'previous', 'signature', 'keyId'] as const)[pick(4)] ?? 'hash';
      const other = { ...line, [name]: name === 'signature' ? 'AAAA' : 'f'.repeat(64) };
      return { what: `its ${name}`, lines: replaceAt(lines, i, other), ...at(['changed'], number) };
    },
    () => ({
      what: 'one removed',
      lines: lines.toSpliced(i, 1),
      ...at([number === lines.length ? 'truncated' : 'missing'], number),
    }),
    () => {
      const j = pick(lines.length - 1);
      const k = j + 1 + pick(lines.length - j - 1);
      const [one, two] = [lines[j] as AuditLine, lines[k] as AuditLine];
      return {
        what: 'two swapped',
        lines: replaceAt(replaceAt(lines, j, two), k, one),
        // Of three in the reverse order, any two may have been moved.
        ...at(['moved'], j + 1, k + 1, ...(k - j === 2 ? [j + 2] : [])),
      };
    },
    () => {
      const copy = lines[pick(lines.length)] as AuditLine;
      const place = copy.entry.number === number ? i + 1 : i;
      // Beside itself, a copy cannot be distinguished from what it was copied from.
      return {
        what: 'a copy put in',
        lines: lines.toSpliced(place, 0, copy),
        ...at(['inserted'], place, place - 1, place + 1),
      };
    },
    () => ({
      what: 'one made up',
      lines: linkAgain(lines.toSpliced(i, 0, changed), i, i) as AuditLine[],
      ...at(['inserted'], i),
    }),
    () => {
      const kept = pick(lines.length);
      return { what: 'the end cut off', lines: lines.slice(0, kept), ...at(['truncated'], kept + 1) };
    },
    () => ({ what: 'one made unreadable', lines: replaceAt(lines, i, null), ...at(['changed'], number) }),
  ];
  return (edits[pick(edits.length)] as () => Edit)();
}
