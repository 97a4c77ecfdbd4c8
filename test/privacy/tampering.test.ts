import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { sealSubject } from '../../shared/sealing/seal.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, photo } from '../support/person.ts';

type Field = 'key' | 'fields' | 'photo';
const fields = ['key', 'fields', 'photo'] as const satisfies readonly Field[];

let chain: Chain;
/** What was done to each verification. */
const damaged = new Map<string, string>();
let untouched: string;

const read = async (id: string, field: Field): Promise<Buffer> => {
  const bytes = await chain.redis.hgetBuffer(chain.keys.subject(id), field);
  if (bytes === null) throw new Error(`Cannot damage ${field}: it must be there`);
  return bytes;
};
const write = (id: string, field: Field, bytes: Buffer) =>
  chain.redis.hset(chain.keys.subject(id), field, bytes);

async function damage(what: string, how: (id: string) => Promise<unknown>): Promise<void> {
  const { id } = await chain.submit();
  await how(id);
  damaged.set(id, what);
}

async function swap(field: Field): Promise<void> {
  const [a, b] = [await chain.submit(), await chain.submit()];
  const [ofA, ofB] = [await read(a.id, field), await read(b.id, field)];
  await write(a.id, field, ofB);
  await write(b.id, field, ofA);
  for (const { id } of [a, b]) damaged.set(id, `${field} of another person`);
}

/** A photo of more than 64 KiB lies in pieces, which belong in one order. */
async function damageLargePhotos(): Promise<void> {
  const large = Buffer.concat([photo, Buffer.alloc(200_000, 7)]).toString('base64');
  const damagePieces = async (what: string, change: (pieces: Record<string, Buffer>) => void) => {
    const answer = await chain.call('/v1/verifications', {
      method: 'POST',
      body: JSON.stringify({ ...makeSubmission(makePerson()), imageBase64: large }),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = (await answer.json()) as Verification;
    const key = chain.keys.subject(id);
    const pieces = await chain.redis.hgetallBuffer(key);
    if (!pieces['photo:2']) throw new Error('Cannot damage pieces: there must be some');
    change(pieces);
    await chain.redis.multi().del(key).hset(key, pieces).exec();
    damaged.set(id, what);
  };
  await damagePieces('a photo without its second piece', (pieces) => delete pieces['photo:1']);
  await damagePieces('a photo without its last pieces', (pieces) => {
    delete pieces['photo:2'];
    delete pieces['photo:3'];
  });
  await damagePieces('a photo with two pieces swapped', (pieces) => {
    [pieces['photo:1'], pieces['photo:2']] = [pieces['photo:2'], pieces['photo:1']] as [Buffer, Buffer];
  });
  await damagePieces('a photo with a flipped bit in its second piece', (pieces) => {
    const piece = pieces['photo:1'];
    if (piece) piece[1_000] = (piece[1_000] ?? 0) ^ 0x80;
  });
}

/** Sealed in full by a key that this deployment does not have. */
function sealWithForeignKey(id: string) {
  const ring = parseKeyRing(`gone:${randomBytes(32).toString('base64')}`);
  if (!ring.ok) throw new Error('Cannot make a key');
  return sealSubject(ring.keyRing, id, { ...makePerson(), photo });
}

beforeAll(async () => {
  chain = await startChain({ workers: 0 });
  for (const field of fields) {
    for (const position of [0, 0.5, 1]) {
      await damage(`a flipped bit at ${position} of ${field}`, async (id) => {
        const bytes = await read(id, field);
        const at = Math.round(position * (bytes.length - 1));
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        await write(id, field, bytes);
      });
    }
    await damage(`${field} cut short by a byte`, async (id) =>
      write(id, field, (await read(id, field)).subarray(0, -1)),
    );
    await damage(`${field} emptied`, (id) => write(id, field, Buffer.alloc(0)));
    await swap(field);
  }
  await damage('a photo cut in half', async (id) => {
    const bytes = await read(id, 'photo');
    await write(id, 'photo', bytes.subarray(0, bytes.length / 2));
  });
  await damage('fields in the place of the photo', async (id) =>
    write(id, 'photo', await read(id, 'fields')),
  );
  await damage('a wrapped key whose key is gone', (id) =>
    write(id, 'key', sealWithForeignKey(id).wrappedKey),
  );
  await damage('all of it sealed by a key that is gone', async (id) => {
    const sealed = sealWithForeignKey(id);
    await chain.redis.hset(chain.keys.subject(id), {
      key: sealed.wrappedKey,
      fields: sealed.fields,
      photo: sealed.photo,
    });
  });
  await damageLargePhotos();
  untouched = (await chain.submit()).id;
  await chain.addWorker();
  await chain.receiver.accept(damaged.size + 1);
});
afterAll(() => chain?.stop());

test('every damaged subject ends its verification with a reason and an event', async () => {
  for (const [id, what] of damaged) {
    const outcome = { code: 'Veriqueue.SubjectUnreadable', verdict: 'error', billed: false };
    const shown = await chain.verification(id);
    expect([what, shown]).toMatchObject([what, { status: 'failed', outcome, attempts: [] }]);
    expect(chain.receiver.accepted.get(id)).toMatchObject({
      type: 'verification.failed',
      data: { id, outcome },
    });
  }
});

test('the upstream is asked about none of them, and the worker goes on', async () => {
  expect(await chain.verification(untouched)).toMatchObject({ outcome: { verdict: 'match' } });
  expect(chain.sandbox.stats().requests).toBe(1);
});

test('the log says for each what is wrong with it', () => {
  const reasons = chain.log.lines.filter(({ event }) => event === 'subject_unreadable');
  expect(new Set(reasons.map(({ verification }) => verification))).toEqual(new Set(damaged.keys()));
  const reasonOf = (what: string) =>
    reasons.find(({ verification }) => damaged.get(verification ?? '') === what)?.['reason'];
  expect(reasonOf('a wrapped key whose key is gone')).toBe('unknown_key');
  expect(reasonOf('photo of another person')).toBe('tampered');
  expect(reasonOf('a photo cut in half')).toBe('tampered');
  expect(reasonOf('photo emptied')).toBe('malformed');
});

test('nothing is left of them', async () => {
  expect(await chain.redis.keys(chain.keys.subject('*'))).toEqual([]);
  expect((await chain.lane()).photosStored.now).toBe(0);
});
