/** A program of its own that owns a private Redis, to be killed by a test: `node private-redis-owner.ts <dir> <binary>`. */
import { startPrivateRedis } from '../../../dev/redis/private-redis.ts';

const [dataDir, binary] = process.argv.slice(2);
if (dataDir === undefined || binary === undefined) {
  throw new Error('Cannot start: a data folder and a binary must be given');
}
const log = { info: () => undefined, warn: () => undefined };
const { url, pid } = await startPrivateRedis({ dataDir, binary, log });
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
