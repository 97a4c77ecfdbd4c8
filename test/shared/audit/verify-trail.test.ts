import { describe, expect, it } from 'vitest';
import { encodeEntry, FIRST_LINK, hashEntry } from '../../../shared/audit/audit-entry.ts';
import { judgeExport } from '../../../shared/audit/judge-export.ts';
import { verifyTrail } from '../../../shared/audit/verify-trail.ts';
import { editTrail, makeEntry, makeTrail } from './trail-edits.ts';

/** Mulberry32: the same edits at each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const start = { number: 0, hash: FIRST_LINK };

describe('an audit trail', () => {
  const trail = makeTrail(10);
  const verify = (lines: Parameters<typeof verifyTrail>[0]['lines'], signed = true) =>
    verifyTrail({
      ...{ lines, start, unsignedThrough: 0 },
      anchors: [trail.head],
      keys: signed ? trail.keys : null,
    });

  it('that was left alone has no finding, with keys and without', () => {
    expect(verify(trail.lines)).toEqual([]);
    expect(verify(trail.lines, false)).toEqual([]);
  });

  it('has each of 1,000 seeded edits found and named, and nothing else', () => {
    const random = seeded(19);
    const kinds = new Map<string, number>();
    for (let n = 0; n < 1_000; n += 1) {
      const { what, lines, kinds: wanted, numbers } = editTrail(trail, random);
      const found = verify(lines);
      kinds.set(what, (kinds.get(what) ?? 0) + 1);
      const named = found.map(({ kind, number }) => ({ kind, number }));
      const isNamed = found.some(({ kind, number }) => wanted.includes(kind) && numbers.includes(number));
      const isElsewhere = found.some(({ number }) => !numbers.includes(number));
      expect({ n, what, numbers, named, isNamed, isElsewhere }).toMatchObject({
        isNamed: true,
        isElsewhere: false,
      });
    }
    expect(Math.min(...kinds.values())).toBeGreaterThan(5);
  });

  it('that was made again from an edit on is found by its head, where nothing is signed', () => {
    const [first, second, ...others] = trail.lines;
    const changed = { ...makeEntry(1), actor: 'x' };
    const lines = [];
    for (const entry of [changed, ...[second, ...others].map((line) => line?.entry ?? makeEntry(0))]) {
      const previous: string = lines.at(-1)?.hash ?? FIRST_LINK;
      lines.push({ entry, previous, hash: hashEntry(previous, entry), keyId: null, signature: null });
    }
    expect(first?.hash).not.toBe(lines[0]?.hash);
    expect(verify(lines, false)).toMatchObject([{ kind: 'rewritten', number: 1, through: 10 }]);
  });

  it('is compared with any number of heads, and each of any number of edits is named', () => {
    const many = 130_000;
    const anchors = Array.from({ length: many }, () => trail.head);
    const whole = { lines: trail.lines, start, keys: trail.keys, unsignedThrough: 0 };
    expect(verifyTrail({ ...whole, anchors })).toEqual([]);
    const lines = Array.from({ length: many }, () => null);
    const exported = { lane: 'main', start: { ...start, checkpoint: null }, lines, head: null };
    const { findings } = judgeExport(exported, { keys: null, heads: [], unsignedThrough: 0 });
    expect([findings.length, findings.at(-1)]).toMatchObject([many, { kind: 'changed', number: many }]);
  });

  it('may begin behind a checkpoint, and before it may not', () => {
    const at = { number: 4, hash: trail.lines[3]?.hash ?? '' };
    const rest = { lines: trail.lines.slice(4), anchors: [trail.head], keys: trail.keys, unsignedThrough: 0 };
    expect(verifyTrail({ ...rest, start: at })).toEqual([]);
    expect(verifyTrail({ ...rest, start })).toMatchObject([{ kind: 'missing', number: 1, through: 4 }]);
    const wrong = { ...at, hash: FIRST_LINK };
    expect(verifyTrail({ ...rest, start: wrong })).toMatchObject([{ kind: 'changed', number: 5 }]);
  });

  it('has its unsigned entries named, unless they are older than the keys', () => {
    const lines = trail.lines.map((line, i) => (i < 3 ? { ...line, keyId: null, signature: null } : line));
    const given = { lines, start, anchors: [], keys: trail.keys };
    expect(verifyTrail({ ...given, unsignedThrough: 3 })).toEqual([]);
    expect(verifyTrail({ ...given, unsignedThrough: 2 })).toMatchObject([{ kind: 'unsigned', number: 3 }]);
  });
});

it('an entry is encoded with its names in order, and hashed behind the one before', () => {
  expect(encodeEntry({ ...makeEntry(1), actor: '李\n', details: { b: true, a: 'x' } })).toBe(
    '{"action":"redeliver","actor":"李\\n","actorKind":"operator","at":"2030-03-17T17:46:41.000Z","details":{"a":"x","b":true},"lane":"main","number":1,"result":"redelivered","target":"ver_01jd0000000000000000000001","targetKind":"verification"}',
  );
  // As `printf 'veriqueue-audit/1\n<previous>\n<entry>\n' | sha256sum` has it.
  expect(hashEntry(FIRST_LINK, makeEntry(1))).toMatch(/^[0-9a-f]{64}$/);
});
