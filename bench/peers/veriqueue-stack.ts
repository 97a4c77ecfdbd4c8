import type { ProducerOptions } from '../../producer/library/open-producer.ts';
import { startBenchProducer } from '../bench-process.ts';
import { LANE, registerClient, startUnlimitedWorker } from '../chain/veriqueue-chain.ts';
import { makeKeyText } from '../submitter.ts';
import type { Stack, StackOptions } from './contender.ts';
import type { HttpSubmitterOrders } from './http-submitter.ts';
import type { LibrarySubmitterOrders } from './library-submitter.ts';
import { buildStack } from './stack.ts';

/** Producer and worker as in production, with the quota lifted; no limit of theirs is reached. */
export function startVeriqueueStack(options: StackOptions): Promise<Stack> {
  const { upstreamUrl, receiverUrl, concurrency, photoBytes, only } = options;
  return buildStack(options, async ({ redis, keep, start, add }) => {
    const keyText = makeKeyText();
    const { clientId, apiKey } = await registerClient({ redisUrl: redis.url, receiverUrl }, keyText);
    const surroundings = { redisUrl: redis.url, upstreamUrl, concurrency };
    const worker = keep(await startUnlimitedWorker(surroundings, keyText)).pid;
    const overHttp = (['json', 'form'] as const).filter((body) => only(`veriqueue-${body}`));
    if (overHttp.length > 0) {
      const environment = { ALLOW_INSECURE_CALLBACKS: 'true' };
      const producer = keep(
        await startBenchProducer({ redisUrl: redis.url, lane: LANE, keyText, environment }),
      );
      for (const body of overHttp) {
        const orders: HttpSubmitterOrders = { url: producer.url, apiKey, body, photoBytes };
        await add(`veriqueue-${body}`, { worker, producer: producer.pid }, () =>
          start('bench/peers/http-submitter', orders),
        );
      }
    }
    const producer: ProducerOptions = {
      redisUrl: redis.url,
      keys: keyText,
      clientId,
      lane: LANE,
      maxBacklog: 1_000_000,
      allowInsecureCallbacks: true,
    };
    const orders: LibrarySubmitterOrders = { producer, photoBytes };
    await add('veriqueue-library', { worker }, () => start('bench/peers/library-submitter', orders));
  });
}
