import { reportAccounts } from '../../shared/account/report-accounts.ts';
import { plural } from '../../shared/contract/plural.ts';
import { countDigestingKeys } from '../../shared/sealing/digest.ts';
import { type KeyRing, opensAnything } from '../../shared/sealing/key-ring.ts';
import { readClient } from '../../shared/store/clients/client.ts';
import type { ClientDescription } from '../../shared/store/clients/describe-client.ts';
import { readFitness } from '../../shared/store/redis/fitness.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import { reportPassedBy } from '../report-passed-by.ts';
import { type Check, checkClock, ok, problem, skipped, warning } from './check.ts';
import { checkAddress, checkService } from './network-checks.ts';

/** Whether verifications may be entrusted to this Redis, and whether it has the right time. */
export async function checkRedis({ redis }: Connection, now: () => number): Promise<readonly Check[]> {
  const fitness = await readFitness(redis);
  const before = now();
  const [seconds = '', micros = ''] = (await redis.time()).map(String);
  const shown = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  const clock = checkClock("Redis' clock", shown, { before, after: now(), precisionMs: 1 });
  switch (fitness.kind) {
    case 'fit':
      return [
        ok('Redis', `version ${fitness.version}, fit to keep verifications`),
        ...fitness.warnings.map((text) =>
          warning('Redis', text, 'Change it in redis.conf; docs/operations.md#redis says how.'),
        ),
        clock,
      ];
    case 'not_yet':
      return [
        problem(
          'Redis',
          fitness.reason,
          'REDIS_URL must be the master; a Redis that loads is ready by itself.',
        ),
        clock,
      ];
    case 'unfit':
      return [
        problem(
          'Redis',
          fitness.reasons.join('; '),
          'Producers and workers refuse it: docs/operations.md#redis has the settings.',
        ),
        clock,
      ];
    default:
      return fitness satisfies never;
  }
}

/** Whether the sealing keys are of use, and open what is sealed here. */
export async function checkKeys(
  context: CliContext,
  connection: Connection,
  clients: readonly ClientDescription[],
): Promise<Check> {
  let keyRing: KeyRing;
  try {
    keyRing = await context.readKeyRing();
  } catch (error) {
    return problem(
      'sealing keys',
      describeError(error),
      'Set VERIQUEUE_KEYS as the processes have it, or run doctor where they run.',
    );
  }
  if (!opensAnything(keyRing)) {
    return countDigestingKeys(keyRing, 'idempotency-key') > 0
      ? ok('sealing keys', "only seal, as a producer's do")
      : problem(
          'sealing keys',
          'hold no entry id:digest:…, which a producer needs',
          'Add the one that veriqueue keys generate printed for producers.',
        );
  }
  const store = { redis: connection.redis, keys: connection.keys, keyRing };
  const readings = await Promise.all(
    clients.map(async ({ id }) => ({ id, reading: await readClient(store, id, context.now()) })),
  );
  const closed = readings.flatMap(({ id, reading }) => (reading.status === 'unreadable' ? [id] : []));
  if (closed.length === 0)
    return ok(
      'sealing keys',
      `open the webhook secrets of ${clients.length === 1 ? 'the one client' : `all ${clients.length} clients`}`,
    );
  return problem(
    'sealing keys',
    `do not open the webhook secrets of ${closed.length} of ${plural(clients.length, 'client')}, such as ${closed[0]}`,
    'The key that sealed them must be in VERIQUEUE_KEYS. If it is lost: veriqueue client rotate-secret <client>.',
  );
}

/** Whether what each account asks can be reached from here. No call is made: an answer to anything shows that. */
export async function checkUpstream(
  context: CliContext,
  { redis, keys }: Connection,
): Promise<readonly Check[]> {
  const accounts = await reportAccounts({
    redis,
    keys,
    report: reportPassedBy(context.terminal),
    now: context.now,
  });
  const endpoints = new Set(accounts.flatMap(({ endpoint }) => (endpoint === null ? [] : [endpoint])));
  if (endpoints.size === 0) return [skipped('upstream', 'no worker has written down yet which one it asks')];
  const setting = accounts.length > 1 ? 'the `endpoint` of the account in ACCOUNTS_FILE' : 'FACEID_ENDPOINT';
  const checks = [...endpoints].map((endpoint) =>
    checkService('upstream', endpoint, {
      fix: `Workers need a way there: check DNS, the firewall and ${setting} where they run.`,
      signal: context.interrupted,
      now: context.now,
    }),
  );
  return (await Promise.all(checks)).flat();
}

const CHECKED_CALLBACKS = 20;

/** Whether the clients' callbacks take connections from here. No event is sent. */
export async function checkCallbacks(
  context: CliContext,
  clients: readonly ClientDescription[],
): Promise<readonly Check[]> {
  const addresses = clients.flatMap(({ id, callbackUrl, disabled }) =>
    callbackUrl !== null && !disabled && URL.canParse(callbackUrl)
      ? [{ id, origin: new URL(callbackUrl).origin }]
      : [],
  );
  if (addresses.length === 0) return [skipped('callback', 'no client has a callback URL')];
  const checks = await Promise.all(
    addresses.slice(0, CHECKED_CALLBACKS).map(({ id, origin }) =>
      checkAddress('callback', origin, {
        fix: `Its owner must let it be reached. Then try: veriqueue deliveries test --client ${id}`,
        signal: context.interrupted,
      }),
    ),
  );
  const left = addresses.length - checks.length;
  return left === 0 ? checks : [...checks, skipped('callback', `${left} more were not tried`)];
}
