import { isDeepStrictEqual } from 'node:util';
import { jsonText } from '../contract/json-text.ts';
import {
  type ErasureReceipt,
  type ErasureStatement,
  erasureReceipt,
  erasureStatement,
} from '../contract/receipt.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { type JwsReading, readJws, signJws } from '../signing/jws.ts';
import type { SigningKey } from '../signing/signing-keys.ts';

const TYPE = 'veriqueue-erasure-receipt+jws';
const storedStatement = jsonText(erasureStatement);
const storedReceipt = jsonText(erasureReceipt);

export function signReceipt(key: SigningKey, statement: ErasureStatement): ErasureReceipt {
  return { receipt: signJws(key, TYPE, statement), statement };
}

export type ReceiptReading =
  | { readonly status: 'verified'; readonly keyId: string; readonly statement: ErasureStatement }
  | Exclude<JwsReading, { readonly status: 'verified' }>;

/** What a receipt states, if one of the keys has signed it. */
export function readReceipt(keys: VerifyingKeys, text: string): ReceiptReading {
  const reading = readJws(keys, TYPE, text.trim());
  if (reading.status !== 'verified') return reading;
  const parsed = storedStatement.safeParse(reading.payload);
  if (!parsed.success) return { status: 'malformed' };
  return { status: 'verified', keyId: reading.keyId, statement: parsed.data };
}

/** The statement that is to be read is not the one that was signed. */
export interface WrongStatement {
  readonly status: 'wrong_statement';
}

/** As {@link readReceipt}, of what was kept: the text that is signed, or the JSON that `GET …/receipt` answers with. */
export function readKeptReceipt(keys: VerifyingKeys, text: string): ReceiptReading | WrongStatement {
  if (!text.trimStart().startsWith('{')) return readReceipt(keys, text);
  const given = storedReceipt.safeParse(text);
  if (!given.success) return { status: 'malformed' };
  const reading = readReceipt(keys, given.data.receipt);
  if (reading.status !== 'verified') return reading;
  return isDeepStrictEqual(reading.statement, given.data.statement) ? reading : { status: 'wrong_statement' };
}
