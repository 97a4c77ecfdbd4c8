import { z } from 'zod';
import { readAccountsFile } from './accounts-file.ts';
import { choice } from './shapes.ts';

/** The path of a file of accounts; the value is what stands in it. */
const accountsFile = z.string().transform((path, context) => {
  const file = readAccountsFile(path);
  if (file.ok) return file.accounts;
  for (const message of file.mistakes) context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const accountsSettings = {
  ACCOUNTS_FILE: accountsFile.optional().meta({
    description:
      'Several accounts behind one queue: [a YAML or JSON file](accounts.md) with their names, quotas and references to their secrets. With it, a worker does not read `TENCENTCLOUD_*`, `FACEID_ENDPOINT`, `LIVEMODE` and `QUOTA_PER_SECOND`.',
    allowed: 'the path of a file',
  }),
  PERSON_SCOPE: choice(['all', 'account'])
    .default('all')
    .describe(
      'Whether the limits per person hold over all accounts together, or for each account by itself. See [the limits per person](accounts.md#the-limits-per-person).',
    ),
};
