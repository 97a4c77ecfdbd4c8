import { performance } from 'node:perf_hooks';
import { Veriqueue } from '../../client/veriqueue.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';
import { startBenchProducer } from '../bench-process.ts';
import { startBenchRedis } from '../bench-redis.ts';
import { writeFinishedRecords } from '../delivery/finished-records.ts';
import { presentMark } from '../mark.ts';
import { computeMedian } from '../median.ts';
import { makeKeyText, openKeyRing } from '../submitter.ts';

export interface FeedBenchOptions {
  readonly events: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** What a receiver keeps of an event. */
interface Stored {
  readonly id: string;
  readonly verdict: string | undefined;
}

const MARK = { atLeast: 5_000 };
const LANE = 'bench';

/** Lets a receiver that has lost everything read all events again, several times. */
export async function runFeedBench({ events, rounds, say }: FeedBenchOptions): Promise<void> {
  say(`Feed: ${events} events of one client, read by the client package over HTTP from the producer as in`);
  say('  production, one after the other, and kept in memory by their webhook-id.');
  const { url: redisUrl, redis, stop } = await startBenchRedis(say);
  const keys = storeKeys(LANE);
  const keyText = makeKeyText();
  const store = { redis, keys, keyRing: openKeyRing(keyText) };
  const producer = await startBenchProducer({ redisUrl, lane: LANE, keyText, environment: {} });
  try {
    const made = await createClient(store, { name: 'bench', allowedOrigins: ['*'], now: Date.now() });
    const clientIds = Array.from({ length: events }, () => made.clientId);
    const records = await writeFinishedRecords({ ...store, clientIds });
    const written = new Map(records.map(({ id, outcome }) => [webhookId(id), outcome?.verdict]));
    const bytes = Number(await redis.call('MEMORY', 'USAGE', keys.feed(made.clientId), 'SAMPLES', 0));
    say(`  Redis keeps ${(bytes / events).toFixed(1)} bytes for each in the feed, besides its record.`);
    const api = new Veriqueue({ url: producer.url, apiKey: made.apiKey });
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const begunAt = performance.now();
      const rebuilt = await rebuild(api);
      const rate = events / ((performance.now() - begunAt) / 1000);
      rates.push(rate);
      say(`  round ${round}: ${Math.round(rate)} events/s, ${compare(rebuilt, written, events)}`);
    }
    const median = computeMedian(rates);
    say(presentMark('events a second, median', median, MARK, 0));
  } finally {
    await producer.stop();
    await stop();
  }
}

async function rebuild(api: Veriqueue): Promise<ReadonlyMap<number, Stored>> {
  const stored = new Map<number, Stored>();
  for await (const event of api.events()) {
    if (event.type === 'verification.completed' || event.type === 'verification.failed') {
      stored.set(event.sequence, { id: event.id, verdict: event.data.outcome?.verdict });
    }
  }
  return stored;
}

function compare(
  rebuilt: ReadonlyMap<number, Stored>,
  written: ReadonlyMap<string, string | undefined>,
  events: number,
): string {
  const missing = Array.from({ length: events }, (_, i) => i + 1).filter((number) => !rebuilt.has(number));
  const same = [...rebuilt.values()].filter(({ id, verdict }) => written.get(id) === verdict).length;
  return `${missing.length} numbers missing, ${same} of ${written.size} the same as written`;
}
