import { randomBytes } from 'node:crypto';
import { generateKey, generateKeys } from '../shared/sealing/generate-keys.ts';
import { measureSealing, type SealingCost } from '../test/shared/sealing/measure-sealing.ts';
import { computeMedian } from './median.ts';

/** Alternating, so that what else the machine does meets both kinds alike. */
const RUNS = 7;

/** Prints what sealing and opening one photo costs the event loop, under a symmetric key and to a public key. */
export function runSealingBench(options: {
  readonly photoBytes: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}): void {
  const { photoBytes, rounds, say } = options;
  const runs = Array.from({ length: RUNS }, () => ({
    symmetric: measureSealing(photoBytes, rounds, generateKey(randomBytes)),
    toPublicKey: measureSealing(photoBytes, rounds, generateKeys(randomBytes).privateKey),
  }));
  const median = (of: (run: (typeof runs)[number]) => number) => computeMedian(runs.map(of));
  const describe = (name: string, of: (run: (typeof runs)[number]) => SealingCost) =>
    say(
      `  ${name}  seal ${median((run) => of(run).sealMedianMs).toFixed(3)} ms, open ${median((run) => of(run).openMedianMs).toFixed(3)} ms, both ${median((run) => of(run).bothMedianMs).toFixed(3)} ms; stored ${median((run) => of(run).storedRatio).toFixed(4)} × its bytes`,
    );
  say(
    `Sealing: one photo of ${photoBytes / 1000} kB, medians of ${rounds} rounds, of these the median of ${RUNS} runs.`,
  );
  describe('symmetric key', (run) => run.symmetric);
  describe('public key   ', (run) => run.toPublicKey);
  const more = median(({ symmetric, toPublicKey }) => toPublicKey.sealMedianMs - symmetric.sealMedianMs);
  const moreOpen = median(({ symmetric, toPublicKey }) => toPublicKey.openMedianMs - symmetric.openMedianMs);
  const ratio = median(({ symmetric, toPublicKey }) => toPublicKey.bothMedianMs / symmetric.bothMedianMs);
  say(
    `  To a public key it costs ${more.toFixed(3)} ms more to seal and ${moreOpen.toFixed(3)} ms more to open: ${ratio.toFixed(2)} times as much for both.`,
  );
}
