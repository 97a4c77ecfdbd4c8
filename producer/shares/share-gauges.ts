import type { Registry } from 'prom-client';
import type { ClientShare } from '../../shared/contract/client-share.ts';
import type { Logger } from '../../shared/log.ts';
import { classifyRedisError } from '../../shared/store/redis/failure.ts';
import { registerReadGauge, type Sample, shareReading } from '../read-gauge.ts';
import type { BusyClients, ShareView } from './share-view.ts';

export interface ShareGaugesDeps {
  readonly shares: ShareView;
  readonly log: Logger;
}

/** With others, 21 series a gauge. A series for each of ten thousand clients would cost the monitoring more than the lane. */
const MOST_SHOWN = 20;

/** No client's id: those begin with `cli_`. */
const OTHERS = 'other';

interface Described {
  readonly name: string;
  readonly help: string;
  readonly value: keyof ClientShare & keyof BusyClients['others'];
}

const GAUGES: readonly Described[] = [
  {
    name: 'veriqueue_client_weight',
    help: 'Weight of a client that waits or had calls',
    value: 'weight',
  },
  {
    name: 'veriqueue_client_waiting',
    help: 'Verifications that a client has in line',
    value: 'waiting',
  },
  {
    name: 'veriqueue_client_calls_last_minute',
    help: 'Calls of the upstream that a client had in the last minute',
    value: 'callsLastMinute',
  },
  {
    name: 'veriqueue_client_share_due',
    help: "A client's part of all calls by its weight, 0 to 1",
    value: 'shareDue',
  },
  {
    name: 'veriqueue_client_share_had',
    help: "A client's part of the calls of the last minute, 0 to 1; absent when there were none",
    value: 'shareHad',
  },
];

/** The clients that have most waiting, each by its id, and the rest of them as `other`. Read when scraped, from Redis. */
export function registerShareGauges(registry: Registry, { shares, log }: ShareGaugesDeps): void {
  const read = shareReading(() => readShown(shares, log));
  for (const { name, help, value } of GAUGES)
    registerReadGauge(registry, { name, help, labelNames: ['client'] }, read, ({ clients, others }) =>
      showKnown([
        ...clients.map((client) => [client.clientId, client[value]] as const),
        [OTHERS, others[value]],
      ]),
    );
  registerReadGauge(
    registry,
    {
      name: 'veriqueue_client_oldest_waiting_seconds',
      help: "Since the submission of the first in a client's line; absent while nothing waits, and for other",
      labelNames: ['client'],
    },
    read,
    ({ clients }) => showKnown(clients.map((client) => [client.clientId, client.oldestWaitingSeconds])),
  );
}

function showKnown(values: readonly (readonly [client: string, value: number | null])[]): Sample[] {
  return values.flatMap(([client, value]) => (value === null ? [] : [[{ client }, value] as const]));
}

async function readShown(shares: ShareView, log: Logger): Promise<BusyClients | null> {
  try {
    return await shares.readBusiest(MOST_SHOWN);
  } catch (error) {
    // The connection has logged already that Redis is away.
    if (classifyRedisError(error) !== 'gone')
      log.warn({ event: 'scrape_incomplete', err: error }, 'cannot read the shares for the metrics');
    return null;
  }
}
