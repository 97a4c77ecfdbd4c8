import { duration } from './shapes.ts';

/** How long it can be shown what was done. Producers and workers have the same. */
export const auditSettings = {
  AUDIT_RETENTION: duration({ min: '1h', max: '3650d' })
    .prefault('400d')
    .describe(
      'How long entries of the [audit trail](audit.md#the-audit-trail) are kept, and receipts of what was erased.',
    ),
};
