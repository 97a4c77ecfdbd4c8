import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { parseEnvironment } from '../shared/config/environment.ts';
import { askKms } from '../shared/kms/ask-kms.ts';
import { KMS_PROVIDERS, type KmsProvider } from '../shared/kms/kms-request.ts';
import { kmsEnvironment } from '../shared/kms/kms-settings.ts';
import { formatKmsEntry } from '../shared/kms/open-kms-keys.ts';
import { generateKey, generateKeys } from '../shared/sealing/generate-keys.ts';
import { getNewestKey, type KeyRing, opensAnything } from '../shared/sealing/key-ring.ts';
import { generateSigningKey } from '../shared/signing/signing-keys.ts';
import { rewrapReceiverAuths } from '../shared/store/clients/change-receiver-auth.ts';
import { listClientIds } from '../shared/store/clients/describe-client.ts';
import { rewrapWebhookSecrets } from '../shared/store/clients/webhook-secrets.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import { rewrapEndpointSecrets } from '../shared/store/push/change-endpoints.ts';
import { OPERATORS } from '../shared/store/push/push-endpoint.ts';
import { passBy } from '../shared/store/redis/pass-by.ts';
import { type RewrapDeps, rewrapSubjects } from '../shared/store/verifications/rewrap-subjects.ts';
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
    .addOption(
      new Option('--kms <provider>', 'encrypt what is secret of it with a key management service')
        .choices(KMS_PROVIDERS)
        .conflicts('signing'),
    )
    .option('--kms-key <id>', 'the key of that service; Vault has it in VAULT_TRANSIT_KEY')
    .action((options: GenerateOptions) => generate(context, options));
  keys
    .command('rotate')
    .description('wrap again with the newest key all that waits, so that older ones can go')
    .action(() => rotate(context));
}

interface GenerateOptions {
  readonly symmetric?: boolean;
  readonly signing?: boolean;
  readonly kms?: KmsProvider;
  readonly kmsKey?: string;
}

async function generate(context: CliContext, options: GenerateOptions): Promise<void> {
  const { terminal } = context;
  const protect = (entry: string) => encryptEntry(context, entry, options);
  if (options.signing) {
    const made = generateSigningKey(randomBytes);
    terminal.show(
      made,
      ['# SIGNING_KEYS', made.secret, '# Later, when it signs no more', made.published].join('\n'),
    );
    return;
  }
  if (options.symmetric) {
    const key = await protect(generateKey(randomBytes));
    terminal.show({ key }, key);
    return;
  }
  const { privateKey, publicKey, digestKey } = generateKeys(randomBytes);
  const made = {
    worker: await protect(privateKey),
    producer: `${publicKey},${await protect(digestKey)}`,
  };
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

/** As it is without a service; else `kms:<provider>:<ciphertext>`. @throws {CommandFailure} */
async function encryptEntry(
  { environment, now }: CliContext,
  entry: string,
  { kms, kmsKey: keyId }: GenerateOptions,
): Promise<string> {
  if (kms === undefined) return entry;
  const settings = parseEnvironment(kmsEnvironment, environment);
  const plaintext = Buffer.from(entry, 'utf8').toString('base64');
  const answer = await askKms({ settings, fetch, now }, kms, { kind: 'encrypt', plaintext, keyId });
  if (!answer.ok) throw new CommandFailure(`The key is not encrypted: ${answer.reason}`);
  return formatKmsEntry(kms, answer.value);
}

async function rotate(context: CliContext): Promise<void> {
  const keyRing = await context.readKeyRing();
  if (!opensAnything(keyRing)) {
    throw new CommandFailure('VERIQUEUE_KEYS holds public keys alone. Use the keys of a worker');
  }
  const { subjects, secrets, tests } = await withConnection(context, async (connection) => {
    const epochs = await context.openEpochs(connection);
    const rings = { keyRing, epochs };
    try {
      return {
        ...(await rotateLane(context, connection, rings)),
        tests: connection.testKeys && (await rotateTests(context, connection, connection.testKeys, rings)),
      };
    } finally {
      await epochs?.close();
    }
  });
  const newest = getNewestKey(keyRing).id;
  const row = (what: string, { rewrapped, current, unreadable }: Counts) =>
    [what, rewrapped, current, unreadable].map(String);
  context.terminal.show(
    {
      key: newest,
      subjects,
      webhookSecrets: secrets,
      ...(tests && { tests: { subjects: tests.subjects, webhookSecrets: tests.secrets } }),
    },
    context.terminal.table(
      ['', `NOW UNDER ${newest}`, 'WERE ALREADY', 'UNREADABLE'],
      [
        row('waiting subjects', subjects),
        row("clients' webhook secrets", secrets),
        ...(tests
          ? [row('waiting tests', tests.subjects), row('webhook secrets of tests', tests.secrets)]
          : []),
      ],
      '',
    ),
  );
  if (context.interrupted.aborted) throw new CommandFailure('Interrupted: run it again for the rest');
  const all = [subjects, secrets, ...(tests ? [tests.subjects, tests.secrets] : [])];
  if (all.some(({ unreadable }) => unreadable > 0)) {
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

/** What opens and wraps. */
type Rings = Pick<RewrapDeps, 'keyRing' | 'epochs'>;

interface LaneCounts {
  readonly subjects: Counts;
  readonly secrets: Counts;
}

async function rotateLane(context: CliContext, connection: Connection, rings: Rings): Promise<LaneCounts> {
  const { redis, keys } = connection;
  return {
    subjects: await rotateSubjects(context, connection, rings),
    secrets: await rotateSecrets(context, connection, rings.keyRing, await listClientIds(redis, keys)),
  };
}

/** The lane for test keys, with every twin: one that has no key any more is in no index that a version before has written. */
async function rotateTests(
  context: CliContext,
  connection: Connection,
  testKeys: StoreKeys,
  rings: Rings,
): Promise<LaneCounts> {
  const { redis, keys } = connection;
  const lists = await Promise.all([keys, testKeys].map((lane) => listClientIds(redis, lane)));
  const tests = { ...connection, keys: testKeys };
  return {
    subjects: await rotateSubjects(context, tests, rings),
    secrets: await rotateSecrets(context, tests, rings.keyRing, [...new Set(lists.flat())]),
  };
}

async function rotateSubjects(
  { terminal, interrupted }: CliContext,
  { redis, keys }: Connection,
  rings: Rings,
): Promise<Counts> {
  const progress = terminal.progress('Verifications', await redis.zcard(keys.unfinishedIndex()));
  try {
    const { rewrapped, current, unreadable } = await rewrapSubjects(
      { redis, keys, ...rings },
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
  clientIds: readonly string[],
): Promise<Counts> {
  const report = reportPassedBy(terminal);
  const counts = { rewrapped: 0, current: 0, unreadable: 0 };
  for (const clientId of clientIds) {
    const result = await passBy(clientId, report, () =>
      rewrapWebhookSecrets({ redis, keys, keyRing }, clientId),
    );
    if (result === 'unreadable') report(clientId, 'these keys do not open its webhook secrets');
    if (result !== 'missing') counts[result ?? 'unreadable'] += 1;
    if (result !== 'rewrapped' && result !== 'current') continue;
    const left = await passBy(clientId, report, () =>
      rewrapEndpointSecrets({ redis, keys, keyRing }, clientId),
    );
    const leftOfAuth = await passBy(clientId, report, () =>
      rewrapReceiverAuths({ redis, keys, keyRing }, clientId),
    );
    if (left !== 0) report(clientId, "these keys do not open its endpoints' secrets");
    if (leftOfAuth !== 0) report(clientId, 'these keys do not open what its receivers ask for');
    if (left !== 0 || leftOfAuth !== 0) counts.unreadable += 1;
  }
  if ((await rewrapEndpointSecrets({ redis, keys, keyRing }, OPERATORS)) > 0) {
    report(OPERATORS, "these keys do not open their endpoints' secrets");
    counts.unreadable += 1;
  }
  return counts;
}
