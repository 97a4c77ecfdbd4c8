import { createHash } from 'node:crypto';
import { z } from 'zod';

export const ACTOR_KINDS = ['operator', 'client', 'system'] as const;
export const TARGET_KINDS = [
  'verification',
  'client',
  'key',
  'endpoint',
  'lane',
  'account',
  'operator',
  'audit',
] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** A few counts and ids; never a subject, nor a text of a request. */
const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Who did what to what, as it is reported. */
export const auditEvent = z.object({
  actorKind: z.enum(ACTOR_KINDS),
  /** An operator's name, a client's id, or the part of the system: `worker`, `producer`. */
  actor: z.string(),
  /** `pause_lane`, `erase_verification` … */
  action: z.string(),
  targetKind: z.enum(TARGET_KINDS),
  /** An id; null for the lane as a whole. */
  target: z.string().nullable(),
  /** What came of it. */
  result: z.string(),
  details: details.optional(),
});
export type AuditEvent = z.output<typeof auditEvent>;

/** What is hashed and signed. */
export const auditEntry = z.strictObject({
  ...auditEvent.shape,
  details,
  /** From 1, without a gap. */
  number: z.number().int().positive(),
  at: z.iso.datetime(),
  lane: z.string(),
});
export type AuditEntry = z.output<typeof auditEntry>;

/** An entry in its place in the chain, as it is kept and exported. */
export const auditLine = z.strictObject({
  entry: auditEntry,
  /** Of the entry before; {@link FIRST_LINK} of the first. */
  previous: z.string(),
  hash: z.string(),
  /** The key that signed it; null without one. */
  keyId: z.string().nullable(),
  signature: z.string().nullable(),
});
export type AuditLine = z.output<typeof auditLine>;

/** What stands before the first entry. */
export const FIRST_LINK = '0'.repeat(64);

/**
 * The bytes of an entry: JSON without spaces, the names in the order of their UTF-16 units, as RFC 8785 has it for texts,
 * whole numbers and booleans.
 */
export function encodeEntry(entry: AuditEntry): string {
  return encodeSorted(entry);
}

function encodeSorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${encodeSorted(member)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 in hex over the version of the format, the hash of the entry before, and the entry, with a line end behind each. */
export function hashEntry(previous: string, entry: AuditEntry): string {
  return createHash('sha256')
    .update(`veriqueue-audit/1\n${previous}\n${encodeEntry(entry)}\n`)
    .digest('hex');
}

/**
 * What a signature covers: the entry, and not the one before. A chain that was made again from a changed entry on has right
 * hashes everywhere; the signature is wrong at that entry alone, which names it.
 */
export function signedBytes(entry: AuditEntry): Buffer {
  return Buffer.from(`veriqueue-audit-entry/1\n${encodeEntry(entry)}\n`);
}
