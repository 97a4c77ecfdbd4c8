import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type ClientErasureReceipt,
  type ClientErasureStatement,
  clientErasureReceipt,
  clientErasureStatement,
} from '../contract/client-receipt.ts';
import { jsonText } from '../contract/json-text.ts';
import type { ErasureStatement } from '../contract/receipt.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { readJws, signJws } from '../signing/jws.ts';
import type { SigningKey } from '../signing/signing-keys.ts';
import { type ReceiptReading, readReceipt, signReceipt, type WrongStatement } from './erasure-receipt.ts';

const TYPE = 'veriqueue-client-erasure-receipt+jws';
const storedReceipt = jsonText(clientErasureReceipt);
const storedStatement = jsonText(clientErasureStatement);

export interface ClientErasures {
  readonly lane: string;
  readonly clientId: string;
  readonly clientDeleted: boolean;
  /** Of each of its verifications, by id. */
  readonly statements: readonly ErasureStatement[];
  /** ms epoch */
  readonly now: number;
}

/** A signature takes some 0.1 ms of a processor. */
const SIGNED_AT_A_TIME = 50;

/**
 * Signs a receipt for each verification, and one for all of them. There may be a million: what else the process does goes on in
 * between.
 */
export async function signClientReceipt(
  key: SigningKey,
  { statements, now, ...client }: ClientErasures,
): Promise<ClientErasureReceipt> {
  const receipts: string[] = [];
  for (const statement of statements) {
    receipts.push(signReceipt(key, statement).receipt);
    if (receipts.length % SIGNED_AT_A_TIME === 0) await setImmediate();
  }
  const times = statements.map(subjectDeletedAt).sort();
  const countOf = (reason: ErasureStatement['reason']) =>
    statements.filter((statement) => statement.reason === reason).length;
  const statement: ClientErasureStatement = {
    ...client,
    verifications: statements.length,
    reasons: {
      answered: countOf('answered'),
      cancelled: countOf('cancelled'),
      erased_by_client: countOf('erased_by_client'),
      erased_by_operator: countOf('erased_by_operator'),
    },
    firstDeletedAt: times[0] ?? null,
    lastDeletedAt: times.at(-1) ?? null,
    receiptsSha256: hashReceipts(receipts),
    issuedAt: new Date(now).toISOString(),
  };
  return { receipt: signJws(key, TYPE, statement), statement, receipts };
}

const subjectDeletedAt = ({ deleted, issuedAt }: ErasureStatement): string =>
  deleted.find(({ what }) => what === 'photo')?.at ?? issuedAt;

function hashReceipts(receipts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const receipt of receipts) hash.update(`${receipt}\n`);
  return hash.digest('hex');
}

export type ClientReceiptReading =
  | { readonly status: 'verified'; readonly keyId: string; readonly statement: ClientErasureStatement }
  /** The list is not the one that was signed: one receipt was changed, added, taken out or moved. */
  | { readonly status: 'wrong_list' }
  | WrongStatement
  | Exclude<ReceiptReading, { readonly status: 'verified' }>;

/** What a receipt for a client states, if one of the keys has signed it and each receipt of its list. */
export function readClientReceipt(keys: VerifyingKeys, text: string): ClientReceiptReading {
  const given = storedReceipt.safeParse(text);
  if (!given.success) return { status: 'malformed' };
  const { receipt, receipts } = given.data;
  const reading = readJws(keys, TYPE, receipt);
  if (reading.status !== 'verified') return reading;
  const parsed = storedStatement.safeParse(reading.payload);
  if (!parsed.success) return { status: 'malformed' };
  const statement = parsed.data;
  if (!isDeepStrictEqual(statement, given.data.statement)) return { status: 'wrong_statement' };
  if (statement.receiptsSha256 !== hashReceipts(receipts)) return { status: 'wrong_list' };
  const isWhole = receipts.every((each) => {
    const one = readReceipt(keys, each);
    return one.status === 'verified' && one.statement.clientId === statement.clientId;
  });
  if (!isWhole || receipts.length !== statement.verifications) return { status: 'wrong_list' };
  return { status: 'verified', keyId: reading.keyId, statement };
}
