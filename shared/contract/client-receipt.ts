import { z } from 'zod';
import { erasureStatement } from './receipt.ts';

const instant = z.iso.datetime();
const count = z.number().int().nonnegative();

/** What the receipt for a whole client states. */
export const clientErasureStatement = z
  .strictObject({
    lane: erasureStatement.shape.lane,
    clientId: z.string().describe('whose verifications they are'),
    clientDeleted: z
      .boolean()
      .describe('whether the client itself, its API keys and webhook secrets are deleted'),
    verifications: count.describe('how many have a receipt in the list'),
    reasons: z
      .strictObject({
        answered: count.describe('with the outcome'),
        cancelled: count.describe('with the cancellation'),
        erased_by_client: count.describe('as the client asked'),
        erased_by_operator: count.describe('as an operator asked, or with the client'),
      })
      .describe('how many of them were deleted for which reason'),
    firstDeletedAt: instant
      .nullable()
      .describe('when the first of their photos was deleted; null without any'),
    lastDeletedAt: instant.nullable().describe('when the last one was deleted'),
    receiptsSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256, in hex, of the receipts of the list, in their order, each followed by a line end'),
    issuedAt: instant.describe('when this receipt was made'),
  })
  .meta({ id: 'ClientErasureStatement' });
export type ClientErasureStatement = z.infer<typeof clientErasureStatement>;

/** One receipt for all verifications of a client that the deployment knows of. */
export const clientErasureReceipt = z
  .strictObject({
    receipt: z
      .string()
      .describe('the statement, signed: a compact JWS of the type `veriqueue-client-erasure-receipt+jws`'),
    statement: clientErasureStatement.describe('the same, to be read'),
    receipts: z
      .array(z.string())
      .describe('the receipt of each verification, by id: each can be given away by itself'),
  })
  .meta({ id: 'ClientErasureReceipt' });
export type ClientErasureReceipt = z.infer<typeof clientErasureReceipt>;
