import { z } from 'zod';
import { auditLine } from './audit-entry.ts';
import { auditPlace } from './audit-head.ts';

/** Where the trail ends. */
export const auditHead = z.object({
  ...auditPlace.shape,
  at: z.iso.datetime(),
  /** A JWS that states it; null without a signing key. */
  signed: z.string().nullable(),
  /** What was done and is not in the chain yet. */
  waiting: z.number().int().nonnegative(),
});
export type AuditHead = z.output<typeof auditHead>;

/** What stands before the first entry that is kept. */
export const auditStart = z.object({ ...auditPlace.shape, checkpoint: z.string().nullable() });
export type AuditStart = z.output<typeof auditStart>;

/** A part of the trail, as operators read it. */
export const auditPage = z.object({
  lane: z.string(),
  start: auditStart,
  head: auditHead,
  /** In their order; null for what cannot be read as an entry. */
  data: z.array(auditLine.nullable()),
  /** Where to go on; null at the end. */
  next: z.number().int().nullable(),
});
export type AuditPage = z.output<typeof auditPage>;
