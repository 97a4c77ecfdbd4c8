import { randomBytes } from 'node:crypto';
import { typeidUnboxed } from 'typeid-js';
import { expect, test } from 'vitest';
import type { ErasureStatement } from '../../../shared/contract/receipt.ts';
import { readClientReceipt, signClientReceipt } from '../../../shared/receipts/client-receipt.ts';
import { verifyingKeysOf } from '../../../shared/signing/jwks.ts';
import { generateSigningKey, parseSigningKeys } from '../../../shared/signing/signing-keys.ts';

const AT = '2030-01-31T00:00:00.000Z';
const CLIENT = 'cli_01jd000000000000000000000a';

const makeStatement = (): ErasureStatement => ({
  lane: 'main',
  clientId: CLIENT,
  verification: typeidUnboxed('ver'),
  reason: 'answered',
  submittedAt: AT,
  deleted: [{ what: 'photo', at: AT }],
  photoObject: 'none',
  issuedAt: AT,
});

test('what else a process does goes on while it signs the receipts of a large client', async () => {
  const parsed = parseSigningKeys(generateSigningKey(randomBytes).secret);
  const keys = parsed.ok ? parsed.signingKeys : expect.fail('the key must be one');
  const newest = keys.newest ?? expect.fail('it must sign');
  let turns = 0;
  let isSigned = false;
  const goOn = () => {
    turns += 1;
    if (!isSigned) setImmediate(goOn);
  };
  setImmediate(goOn);
  const statements = Array.from({ length: 1_000 }, makeStatement);
  const now = Date.parse(AT);
  const receipt = await signClientReceipt(newest, {
    ...{ lane: 'main', clientId: CLIENT, clientDeleted: true, statements, now },
  });
  isSigned = true;
  expect(turns).toBeGreaterThanOrEqual(19);
  expect(readClientReceipt(verifyingKeysOf(keys), JSON.stringify(receipt))).toMatchObject({
    status: 'verified',
    statement: { verifications: 1_000, reasons: { answered: 1_000 } },
  });
});
