import { z } from 'zod';
import { parseSigningKeys } from '../signing/signing-keys.ts';

/** What the deployment signs with. Producers and workers have the same. */
export const signingSettings = {
  SIGNING_KEYS: z
    .string()
    .transform((text, context) => {
      const parsing = parseSigningKeys(text);
      if (parsing.ok) return parsing.signingKeys;
      for (const message of parsing.errors) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .optional()
    .meta({
      description:
        'The [Ed25519 keys](audit.md#signing-keys) that sign what others verify, newest first, separated by commas. The first that can sign signs the audit trail and receipts, and each that can sign signs events; the public halves of all are published. Unset, nothing is signed with such a key.',
      allowed: 'one or more `id:base64`',
    }),
};
