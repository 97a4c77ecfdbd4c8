import { setTimeout as delay } from 'node:timers/promises';
import { findPromisesAtRisk } from '../../shared/account/promises-at-risk.ts';
import { operatorActor } from '../../shared/audit/actor.ts';
import type { ClientErasureReceipt } from '../../shared/contract/client-receipt.ts';
import { plural } from '../../shared/contract/plural.ts';
import { signClientReceipt } from '../../shared/receipts/client-receipt.ts';
import { type ClientChange, changeClient } from '../../shared/store/clients/change-client.ts';
import { changeTwin } from '../../shared/store/clients/change-twin.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { countOpenWork, deleteClient } from '../../shared/store/clients/delete-client.ts';
import { readClientErasures } from '../../shared/store/clients/read-client-erasures.ts';
import { rotateWebhookSecret } from '../../shared/store/clients/webhook-secrets.ts';
import { COMMAND_LINE_OPERATOR } from '../../shared/store/operators/operators.ts';
import { removeDeliveryJobs } from '../../shared/store/queue/remove-delivery-jobs.ts';
import { readBudget } from '../../shared/store/usage/budget.ts';
import { copyLedgersOfMonth } from '../../shared/store/verifications/copy-ledger.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Connection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { findClient, findClients, unknownClient } from '../find-client.ts';
import { releaseWaitingForOrigin, releaseWaitingForUrl } from '../release.ts';
import { reportPassedBy } from '../report-passed-by.ts';
import type { ClientOperations } from './client-operations.ts';
import { redisKeyOperations } from './redis-key-operations.ts';

/** On Redis directly. What makes a secret needs the sealing keys besides. */
export function redisClientOperations(context: CliContext, connection: Connection): ClientOperations {
  const { redis, keys } = connection;
  const { now, terminal } = context;
  return {
    at: '',
    list: () => findClients(connection, now(), reportPassedBy(terminal)),
    show: async (clientId) => ({
      client: await findClient(connection, clientId, now()),
      budgetUse: await readBudget(redis, keys, clientId, now()),
    }),
    create: async (client) => {
      const keyRing = await context.readKeyRing();
      return createClient({ redis, keys, keyRing }, { ...client, now: now() });
    },
    change: async (clientId, change) => {
      const { weight } = change;
      const promisesAtRisk =
        weight === undefined ? null : await findPromisesAtRisk({ ...connection, now }, { clientId, weight });
      await changeTwin(connection, clientId, change);
      if ((await changeClient(redis, keys, clientId, change)) === 'missing') throw unknownClient(clientId);
      const releasedEvents = await releaseEvents(context, connection, clientId, change);
      const client = await findClient(connection, clientId, now());
      if (client.budget !== null) await copyLedgersOfMonth(redis, keys, now(), reportPassedBy(terminal));
      const budgetUse = await readBudget(redis, keys, clientId, now());
      return { client, budgetUse, releasedEvents, promisesAtRisk };
    },
    weigh: async (clientId, weight) => {
      await findClient(connection, clientId, now());
      return findPromisesAtRisk({ ...connection, now }, { clientId, weight });
    },
    ...redisKeyOperations(context, connection),
    rotateSecret: async (clientId, overlapMs) => {
      const keyRing = await context.readKeyRing();
      const rotation = await rotateWebhookSecret({ redis, keys, keyRing }, clientId, {
        overlapMs,
        now: now(),
      });
      if (rotation === null) throw unknownClient(clientId);
      const { webhookSecret, previousSignsUntil } = rotation;
      return { webhookSecret, previousSignsUntil: new Date(previousSignsUntil).toISOString() };
    },
    countOpenWork: async (clientId) => {
      const counts = await countOpenWork({ redis, keys }, clientId);
      if (counts === null) throw unknownClient(clientId);
      return counts;
    },
    delete: async (clientId, options) => {
      const removeJobs = (jobs: readonly string[]) => removeDeliveryJobs({ redis, keys }, jobs);
      const by = operatorActor(COMMAND_LINE_OPERATOR);
      const keptMs = context.auditRetentionMs;
      const deps = { ...connection, by, keptMs, now, removeJobs, pause: (ms: number) => delay(ms) };
      const deletion = await deleteClient(deps, clientId, options);
      if (deletion.status === 'missing') throw unknownClient(clientId);
      return deletion;
    },
    receipt: (clientId) => makeReceipt(context, connection, clientId),
  };
}

async function makeReceipt(
  { ownSigningKeys, processing, now }: CliContext,
  { redis, keys }: Connection,
  clientId: string,
): Promise<ClientErasureReceipt> {
  const key = ownSigningKeys?.newest ?? null;
  if (key === null) throw new CommandFailure('The receipt is not signed: set SIGNING_KEYS');
  const { hasObjectStore } = processing;
  const at = now();
  const reading = await readClientErasures({ redis, keys }, { clientId, hasObjectStore, now: at });
  if (reading === null) throw unknownClient(clientId);
  const { kept, ...erasures } = reading;
  if (kept > 0) {
    throw new CommandFailure(
      `The receipt is not made: ${plural(kept, 'verification')} of ${clientId} ${kept === 1 ? 'waits, with its photo' : 'wait, with their photos'}`,
    );
  }
  return signClientReceipt(key, { ...erasures, lane: keys.lane, clientId, now: at });
}

/** How many events that waited for the new settings are sent; null when none could have waited for them. */
async function releaseEvents(
  context: CliContext,
  connection: Connection,
  clientId: string,
  { callbackUrl, allowedOrigins }: ClientChange,
): Promise<number | null> {
  const releases = [
    ...(callbackUrl ? [await releaseWaitingForUrl(context, connection, clientId)] : []),
    ...(allowedOrigins === undefined ? [] : [await releaseWaitingForOrigin(context, connection, clientId)]),
  ];
  return releases.length === 0 ? null : releases.reduce((sum, { released }) => sum + released, 0);
}
