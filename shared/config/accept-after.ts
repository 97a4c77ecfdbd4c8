import { z } from 'zod';
import type { AcceptAfter } from '../store/redis/confirm-write.ts';

const RULE = 'must be exec, replicas:1 (to replicas:9) or fsync';

/** What a submission waits for before its 202. */
export const acceptAfter = z.string().transform((text, context): AcceptAfter => {
  if (text === 'exec' || text === 'fsync') return { kind: text };
  const [, count] = /^replicas:([1-9])$/.exec(text) ?? [];
  if (count !== undefined) return { kind: 'replicas', count: Number(count) };
  context.addIssue({ code: 'custom', message: RULE });
  return z.NEVER;
});
