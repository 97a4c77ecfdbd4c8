import { redisUrl } from './shapes.ts';

/** Where keys are that no backup holds. Producers and workers have the same. */
export const epochSettings = {
  EPOCH_KEYS_REDIS_URL: redisUrl.optional().meta({
    description:
      'A second Redis that writes nothing to a disk, for [epoch keys](epoch-keys.md): a backup, together with all other keys, opens nothing an hour later. If it is lost, what waits is lost too. Producers and workers need the same.',
    allowed: 'a Redis URL',
  }),
};
