import type { Redis } from 'ioredis';
import { signStatement } from '../../audit/audit-head.ts';
import type { AuditHead, AuditPage } from '../../audit/audit-page.ts';
import type { SigningKey } from '../../signing/signing-keys.ts';
import type { StoreKeys } from '../keys.ts';
import { type AuditState, readAuditState } from './audit-state.ts';
import { readAudit } from './audit-trail.ts';

export interface AuditReader {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly signingKey: SigningKey | null;
  /** ms epoch */
  readonly now: () => number;
}

/** The head as it is now, signed if there is a key. */
export async function readAuditHead(reader: AuditReader): Promise<AuditHead> {
  return presentHead(reader, await readAuditState(reader.redis, reader.keys));
}

/** Entries behind a number. The head is read before them: none that it counts is missing on the last page. */
export async function readAuditPage(
  reader: AuditReader,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<AuditPage> {
  const { redis, keys } = reader;
  const state = await readAuditState(redis, keys);
  const { lines, next } = await readAudit(redis, keys, { after, limit });
  return {
    lane: keys.lane,
    start: state.dropped,
    head: presentHead(reader, state),
    data: [...lines],
    next,
  };
}

function presentHead({ keys, signingKey, now }: AuditReader, { head, waiting }: AuditState): AuditHead {
  const stated = { ...head, lane: keys.lane, at: new Date(now()).toISOString() };
  return {
    ...head,
    at: stated.at,
    signed: signingKey === null ? null : signStatement(signingKey, 'head', stated),
    waiting,
  };
}
