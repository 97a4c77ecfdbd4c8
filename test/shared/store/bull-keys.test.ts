import { QueueKeys } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { storeKeys } from '../../../shared/store/keys.ts';

describe("a key of BullMQ's own", () => {
  it.each(['', 'prioritized', 'waiting-children', 'ver_1', 'ver_1-r2'])(
    'is spelled as BullMQ spells it: %j',
    (name) => {
      const keys = storeKeys('main');
      const bullmq = new QueueKeys(keys.queuePrefix);
      for (const queue of [keys.verificationQueue, keys.deliveryQueue]) {
        expect(keys.jobKey(queue, name)).toBe(bullmq.toKey(queue, name));
      }
    },
  );
});
