import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { generateKey, generateKeys } from '../shared/sealing/generate-keys.ts';
import { getNewestKey, type KeyRing, opensAnything } from '../shared/sealing/key-ring.ts';
import { generateSigningKey } from '../shared/signing/signing-keys.ts';
import { listClientIds } from '../shared/store/clients/describe-client.ts';
import { rewrapWebhookSecrets } from '../shared/store/clients/webhook-secrets.ts';
import { rewrapEndpointSecrets } from '../shared/store/push/change-endpoints.ts';
import { passBy } from '../shared/store/redis/pass-by.ts';
import { rewrapSubjects } from '../shared/store/verifications/rewrap-subjects.ts';
import { CommandFailure } from './command-failure.ts';
import type { Connection } from './connection.ts';
import { type CliContext, withConnection } from './context.ts';
import { reportPassedBy } from './report-passed-by.ts';

/** `veriqueue keys …`: what seals subjects and webhook secrets at rest. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('sealing keys (VERIQUEUE_KEYS)');
  keys
    .command('generate')
    .description('print new sealing keys, entries for VERIQUEUE_KEYS; they are stored nowhere')
    .option('--symmetric', 'one key for all processes, as earlier versions had; producers can open with it')
    .addOption(
      new Option(
        '--signing',
        'a signing key instead, an entry for SIGNING_KEYS, and its public half',
      ).conflicts('symmetric'),
    )
    .action((options: GenerateOptions) => generate(context, options));
  keys
    .command('rotate')
    .description('wrap again with the newest key all that waits, so that older ones can go')
    .action(() => rotate(context));
}

interface GenerateOptions {
  readonly symmetric?: boolean;
  readonly signing?: boolean;
}

function generate({ terminal }: CliContext, { symmetric = false, signing = false }: GenerateOptions): void {
  if (signing) {
    const made = generateSigningKey(randomBytes);
    terminal.show(
      made,
      ['# SIGNING_KEYS', made.secret, '# Later, when it signs no more', made.published].join('\n'),
    );
    return;
  }
  if (symmetric) {
    const key = generateKey(randomBytes);
    terminal.show({ key }, key);
    return;
  }
  const { privateKey, publicKey, digestKey } = generateKeys(randomBytes);
  const made = { worker: privateKey, producer: `${publicKey},${digestKey}` };
  terminal.show(
    made,
    [
      '# VERIQUEUE_KEYS of workers; keep a copy in a safe',
      made.worker,
      '# VERIQUEUE_KEYS of producers',
      made.producer,
    ].join('\n'),
  );
}

async function rotate(context: CliContext): Promise<void> {
  const keyRing = await context.readKeyRing();
  if (!opensAnything(keyRing)) {
    throw new CommandFailure('VERIQUEUE_KEYS holds public keys alone. Use the keys of a worker');
  }
  const { subjects, secrets } = await withConnection(context, async (connection) => ({
    subjects: await rotateSubjects(context, connection, keyRing),
    secrets: await rotateSecrets(context, connection, keyRing),
  }));
  const newest = getNewestKey(keyRing).id;
  const row = (what: string, { rewrapped, current, unreadable }: Counts) =>
    [what, rewrapped, current, unreadable].map(String);
  context.terminal.show(
    { key: newest, subjects, webhookSecrets: secrets },
    context.terminal.table(
      ['', `NOW UNDER ${newest}`, 'WERE ALREADY', 'UNREADABLE'],
      [row('waiting subjects', subjects), row("clients' webhook secrets", secrets)],
      '',
    ),
  );
  if (context.interrupted.aborted) throw new CommandFailure('Interrupted: run it again for the rest');
  if (subjects.unreadable + secrets.unreadable > 0) {
    throw new CommandFailure(
      'Some of it was sealed with a key that VERIQUEUE_KEYS does not hold. Add that key, and remove none yet',
    );
  }
}

interface Counts {
  readonly rewrapped: number;
  readonly current: number;
  readonly unreadable: number;
}

async function rotateSubjects(
  { terminal, interrupted }: CliContext,
  { redis, keys }: Connection,
  keyRing: KeyRing,
): Promise<Counts> {
  const progress = terminal.progress('Verifications', await redis.zcard(keys.unfinishedIndex()));
  try {
    const { rewrapped, current, unreadable } = await rewrapSubjects(
      { redis, keys, keyRing },
      {
        signal: interrupted,
        onProgress: ({ seen }) => progress.update(seen),
        report: reportPassedBy(terminal),
      },
    );
    return { rewrapped, current, unreadable };
  } finally {
    progress.stop();
  }
}

async function rotateSecrets(
  { terminal }: CliContext,
  { redis, keys }: Connection,
  keyRing: KeyRing,
): Promise<Counts> {
  const report = reportPassedBy(terminal);
  const counts = { rewrapped: 0, current: 0, unreadable: 0 };
  for (const clientId of await listClientIds(redis, keys)) {
    const result = await passBy(clientId, report, () =>
      rewrapWebhookSecrets({ redis, keys, keyRing }, clientId),
    );
    if (result === 'unreadable') report(clientId, 'these keys do not open its webhook secrets');
    if (result !== 'missing') counts[result ?? 'unreadable'] += 1;
    if (result !== 'rewrapped' && result !== 'current') continue;
    const left = await passBy(clientId, report, () =>
      rewrapEndpointSecrets({ redis, keys, keyRing }, clientId),
    );
    if (left === 0) continue;
    report(clientId, "these keys do not open its endpoints' secrets");
    counts.unreadable += 1;
  }
  return counts;
}
