import { z } from 'zod';
import { verificationId } from './verification.ts';

const instant = z.iso.datetime();

export const DELETED_PARTS = ['data_key', 'id_number_and_name', 'photo', 'record'] as const;

/** What an erasure receipt states. No person's data is in it. */
export const erasureStatement = z
  .strictObject({
    lane: z.string().describe('of the deployment'),
    clientId: z.string().describe('whose verification it is'),
    verification: verificationId.describe('which one'),
    reason: z
      .enum(['answered', 'cancelled', 'erased_by_client', 'erased_by_operator'])
      .describe('what its deletion followed; the last two leave no record either'),
    submittedAt: instant.nullable().describe('null where that is not known any more'),
    deleted: z
      .array(
        z.strictObject({
          what: z
            .enum(DELETED_PARTS)
            .describe(
              'the key under which the rest was sealed; the sealed parts; the record with its attempts',
            ),
          at: instant.describe('when it was deleted, or by when at the latest'),
        }),
      )
      .describe('part by part'),
    photoObject: z
      .enum(['none', 'pending', 'deleted', 'unreadable'])
      .describe(
        'the sealed copy in an object store: none was made; it is about to be deleted; it is deleted; or nothing is known of it but that its key is deleted',
      ),
    issuedAt: instant.describe('when this receipt was made'),
  })
  .meta({ id: 'ErasureStatement' });
export type ErasureStatement = z.infer<typeof erasureStatement>;

export const erasureReceipt = z
  .strictObject({
    receipt: z
      .string()
      .describe(
        'the statement, signed: a compact JWS of the type `veriqueue-erasure-receipt+jws`, by a key of `GET /.well-known/jwks.json`',
      ),
    statement: erasureStatement.describe('the same, to be read'),
  })
  .meta({ id: 'ErasureReceipt' });
export type ErasureReceipt = z.infer<typeof erasureReceipt>;
