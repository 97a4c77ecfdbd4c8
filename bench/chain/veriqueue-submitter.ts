import { storeKeys } from '../../shared/store/keys.ts';
import { openRedis } from '../../shared/store/open-redis.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { silentLog } from '../bench-redis.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';
import { createSubmitter, openKeyRing } from '../submitter.ts';
import { serveSubmissions } from './submitter-process.ts';

export interface VeriqueueSubmitterOrders {
  readonly redisUrl: string;
  readonly lane: string;
  readonly keyText: string;
  readonly clientId: string;
  readonly photoBytes: number;
}

/* Submits verifications the way the producer does, as a process of its own. Its orders come as one JSON argument. */
const orders: VeriqueueSubmitterOrders = JSON.parse(process.argv[2] ?? '');
const redis = openRedis({ url: orders.redisUrl, log: silentLog, name: 'bench-producer' }, 'unbatched');
await waitUntilReady(redis, 10_000);
const submitter = createSubmitter(redis, {
  keys: storeKeys(orders.lane),
  keyRing: openKeyRing(orders.keyText),
  clientId: orders.clientId,
});
const photo = makeJpeg(orders.photoBytes);

serveSubmissions((serial) => submitter.submit({ ...makePerson(serial), photo }));
