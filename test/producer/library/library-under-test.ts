import {
  openProducer,
  type Producer,
  type ProducerOptions,
  type ProducerSubmission,
} from '../../../producer/library/open-producer.ts';
import { startTestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';
import { makeIdCard, makePng, testName } from '../submission-builder.ts';

const sealingKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;

/** An HTTP producer and any number of libraries on its lane, with keys in common. */
export interface TwoDoors {
  readonly http: ProducerUnderTest;
  readonly redis: Awaited<ReturnType<typeof startTestRedis>>;
  /** Opens a library, as the HTTP producer's client by default. */
  open(options?: Partial<ProducerOptions>): Promise<Producer>;
  close(): Promise<void>;
}

export async function openTwoDoors(): Promise<TwoDoors> {
  const redis = await startTestRedis();
  const http = await startProducerUnderTest(redis.url, { environment: { VERIQUEUE_KEYS: sealingKeys } });
  const opened: Producer[] = [];
  return {
    http,
    redis,
    open: async (options = {}) => {
      const producer = await openProducer({
        redisUrl: redis.url,
        keys: sealingKeys,
        lane: http.keys.lane,
        clientId: http.client.clientId,
        allowInsecureCallbacks: true,
        ...options,
      });
      opened.push(producer);
      return producer;
    },
    close: async () => {
      await Promise.all(opened.map((producer) => producer.close()));
      await http.close();
      await redis.stop();
    },
  };
}

/** What an application gives the library. */
export function makeGiven(fields: Partial<ProducerSubmission> = {}): ProducerSubmission {
  const given = { idCard: makeIdCard(), name: testName, imageBase64: makePng().toString('base64') };
  return { ...given, ...fields } as ProducerSubmission;
}
