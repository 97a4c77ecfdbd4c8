import type { ClientErasureReceipt, ClientErasureStatement } from '../shared/contract/client-receipt.ts';
import type { ErasureStatement } from '../shared/contract/receipt.ts';
import { decodeBase64Url } from './base64.ts';
import { readVerificationKeys, type WebhookVerificationKeys } from './verification-keys.ts';
import { nameErrors, VeriqueueError } from './veriqueue-error.ts';

/** This receipt proves nothing: it was changed, or none of the keys has signed it. */
export class ReceiptVerificationError extends VeriqueueError {
  constructor(reason: string) {
    super(`The receipt is not authentic: ${reason}`, { attempts: 0 });
  }
}

nameErrors({ ReceiptVerificationError });

/**
 * Verifies the receipt of a verification offline, and says what it states.
 *
 * @param receipt the text that is signed: `receipt` of what {@link Veriqueue.receipt} gives
 * @param keys the public keys, as `keySet()` gave them; keep them with the receipt
 * @throws {ReceiptVerificationError}
 * @throws {TypeError} when a key is not one
 */
export async function verifyReceipt(
  receipt: string,
  keys: WebhookVerificationKeys,
): Promise<ErasureStatement> {
  return (await readSigned(receipt, 'veriqueue-erasure-receipt+jws', keys)) as ErasureStatement;
}

/**
 * Verifies the receipt for a whole client with each receipt of its list, offline.
 *
 * @param receipt as an operator has it from `veriqueue receipt client`
 * @throws {ReceiptVerificationError} also when a receipt of the list was changed, added, taken out or moved
 * @throws {TypeError} when a key is not one
 */
export async function verifyClientReceipt(
  receipt: ClientErasureReceipt,
  keys: WebhookVerificationKeys,
): Promise<ClientErasureStatement> {
  const type = 'veriqueue-client-erasure-receipt+jws';
  const statement = (await readSigned(receipt.receipt, type, keys)) as ClientErasureStatement;
  const list = receipt.receipts.map((each) => `${each}\n`).join('');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(list)));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== statement.receiptsSha256 || receipt.receipts.length !== statement.verifications) {
    throw new ReceiptVerificationError('its list is not the one that was signed');
  }
  for (const each of receipt.receipts) {
    const { clientId } = await verifyReceipt(each, keys);
    if (clientId !== statement.clientId) {
      throw new ReceiptVerificationError('its list has a receipt of another client');
    }
  }
  return statement;
}

/** Of a compact JWS with EdDSA; the algorithm is never taken from the text. */
async function readSigned(text: string, type: string, given: WebhookVerificationKeys): Promise<object> {
  const keys = readVerificationKeys(given).filter(({ version }) => version === 'v1a');
  if (keys.length === 0) throw new TypeError('A receipt is verified with public keys: give the key set');
  const [head = '', body = '', signature = '', ...others] = text.trim().split('.');
  const { typ } = parseObject(head) as { readonly typ?: unknown };
  if (others.length > 0 || typ !== type)
    throw new ReceiptVerificationError(`it must be a JWS of type ${type}`);
  const signed = decodeBase64Url(signature);
  const content = new TextEncoder().encode(`${head}.${body}`);
  for (const { bytes } of keys) {
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'Ed25519' }, false, ['verify']);
    if (signed !== null && (await crypto.subtle.verify('Ed25519', key, signed, content))) {
      return parseObject(body);
    }
  }
  throw new ReceiptVerificationError('none of the keys has signed it');
}

/** @throws {ReceiptVerificationError} */
function parseObject(part: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(decodeBase64Url(part) ?? new Uint8Array()));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below: a parser's message quotes what it was given.
  }
  throw new ReceiptVerificationError('its parts must be JSON in Base64url');
}
