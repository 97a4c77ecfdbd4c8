import { openRedis } from '../../shared/store/open-redis.ts';
import { type Chain, startChain } from '../../test/support/chain.ts';
import { startReplicatedRedis } from '../../test/support/replicated-redis.ts';
import { computeMedian } from '../median.ts';

const isAccepted = (chain: Chain) =>
  chain.submit().then(
    () => true,
    () => false,
  );

const silent = { info: () => undefined, warn: () => undefined };
const ALONE = 200;
const TOGETHER = 640;
const AT_ONCE = 32;

/** What a submission takes with each setting of ACCEPT_AFTER, alone and among others, on a primary with a replica beside it. */
export async function measureAcceptance(say: (line: string) => void): Promise<void> {
  say('');
  say('| ACCEPT_AFTER | one at a time, median | 32 at once, a second | refused of them |');
  say('| --- | ---: | ---: | ---: |');
  for (const setting of ['exec', 'replicas:1', 'exec', 'replicas:1']) {
    const redis = await startReplicatedRedis();
    const chain = await startChain({
      workers: 0,
      elsewhere: { url: redis.url, connect: () => openRedis({ url: redis.url, log: silent }, 'unbatched') },
      environment: { ACCEPT_AFTER: setting },
    });
    try {
      for (let warmingUp = 0; warmingUp < 50; warmingUp += 1) await chain.submit();
      const times: number[] = [];
      for (let nth = 0; nth < ALONE; nth += 1) {
        const began = performance.now();
        await chain.submit();
        times.push(performance.now() - began);
      }
      const began = performance.now();
      let refused = 0;
      let left = TOGETHER;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (left > 0) {
            left -= 1;
            // On a busy machine one may be refused (503): it is submitted again, and the time counts.
            while (!(await isAccepted(chain))) refused += 1;
          }
        }),
      );
      const perSecond = TOGETHER / ((performance.now() - began) / 1_000);
      say(`| ${setting} | ${computeMedian(times).toFixed(1)} ms | ${Math.round(perSecond)} | ${refused} |`);
    } finally {
      await chain.stop();
      await redis.stop();
    }
  }
}
