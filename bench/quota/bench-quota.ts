import { writeFile } from 'node:fs/promises';
import { startBenchRedis } from '../bench-redis.ts';
import { type CaseOptions, listCases } from './list-cases.ts';
import { drawQuotaPicture } from './picture.ts';
import { presentQuota } from './present-quota.ts';
import { type QuotaResult, runQuotaCase } from './quota-run.ts';
import { buildRecorder } from './recorder.ts';

export interface QuotaBenchOptions extends CaseOptions {
  /** How often each case is run, all of them in turn. */
  readonly rounds: number;
  /** Where to write the picture (SVG); none without. */
  readonly picture?: string | undefined;
  readonly say: (line: string) => void;
}

/** Runs the cases one after the other on a Redis of its own, and prints the table. */
export async function runQuotaBench(options: QuotaBenchOptions): Promise<void> {
  const { say, picture } = options;
  const redis = await startBenchRedis(say);
  const recorder = await buildRecorder();
  say(
    recorder.clock === 'kernel'
      ? 'Arrivals are stamped by the kernel (SO_TIMESTAMPNS), read by a native recorder.'
      : 'No C compiler found: arrivals are stamped by a Node process, which adds some jitter of its own.',
  );
  const results: QuotaResult[] = [];
  const cases = listCases(options);
  try {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const quotaCase of cases) {
        const { name, warmUpSeconds, seconds } = quotaCase;
        say(`Round ${round}: ${name}, ${seconds} s after ${warmUpSeconds} s …`);
        results.push(await runQuotaCase(recorder, redis.url, quotaCase));
      }
    }
  } finally {
    await recorder.remove();
    await redis.stop();
  }
  for (const line of presentQuota(results)) say(line);
  if (picture !== undefined) await writeFile(picture, drawQuotaPicture(pickForPicture(results)));
}

/** Each limiter once, at four processes where there is such a run. */
function pickForPicture(results: readonly QuotaResult[]): QuotaResult[] {
  const easy = results.filter(({ case: { networkMs, faults } }) => networkMs === 0 && !faults);
  const wanted = easy.some(({ case: { processes } }) => processes === 4) ? 4 : easy[0]?.case.processes;
  const cases = new Map(easy.map((result) => [result.case, result]));
  return [...cases.values()].filter(({ case: { processes } }) => processes === wanted);
}
