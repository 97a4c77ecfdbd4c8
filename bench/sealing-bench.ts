import { measureSealing } from '../test/shared/sealing/measure-sealing.ts';

/** Prints what sealing and opening one photo costs the event loop. */
export function runSealingBench(options: {
  readonly photoBytes: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}): void {
  const { photoBytes, say } = options;
  const cost = measureSealing(photoBytes, options.rounds);
  say(`Sealing: one photo of ${photoBytes / 1000} kB, medians of ${cost.rounds} rounds.`);
  say(
    `  seal ${cost.sealMedianMs.toFixed(2)} ms, open ${cost.openMedianMs.toFixed(2)} ms, both ${cost.bothMedianMs.toFixed(2)} ms; stored ${cost.storedRatio.toFixed(4)} × its bytes`,
  );
}
