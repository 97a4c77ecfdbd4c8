import type { Redis } from 'ioredis';
import type { LaneKeys } from '../keys.ts';
import { defineScript } from '../redis/script.ts';
import { shredLua } from './lua.ts';

const shredSubjectScript = defineScript({
  name: 'shredSubject',
  keys: 3,
  lua: `
${shredLua}
shred(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
return 1
`,
});

/** Deletes a sealed subject whose record cannot be read, and which therefore can be answered by nothing. */
export async function shredSubject(redis: Redis, keys: LaneKeys, id: string): Promise<void> {
  await shredSubjectScript(redis, [keys.subject(id), keys.photosStored(), keys.laneIndex()], [id]);
}
