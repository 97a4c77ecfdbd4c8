import { startBenchRedis } from '../bench-redis.ts';
import { presentMark } from '../mark.ts';
import { measureQueueMemory } from './measure-memory.ts';

const MARK = { atMost: 1.1 };

/** Prints how much Redis needs for queued verifications, by what their photos alone have. */
export async function runMemoryBench(options: {
  readonly photos: number;
  readonly photoBytes: number;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { photos, photoBytes, say } = options;
  const server = await startBenchRedis(say);
  try {
    const memory = await measureQueueMemory(server.url, { photos, photoBytes });
    say(`Memory: ${photos} queued verifications with photos of ${photoBytes / 1000} kB, without a worker.`);
    say(presentMark("used_memory ÷ the photos' bytes", memory.ratio, MARK, 3));
    say(`  MEMORY USAGE: ${memory.keysRatio.toFixed(3)} × the photos' bytes, summed over all keys`);
    say(
      `  besides the sealed subject, each needs ${memory.besidesSubject} bytes (allocator: ${memory.allocator})`,
    );
  } finally {
    await server.stop();
  }
}
