import { randomBytes } from 'node:crypto';
import { parseKeyRing } from '../../../shared/sealing/key-ring.ts';
import { openSubject, sealSubject } from '../../../shared/sealing/seal.ts';
import type { Subject } from '../../../shared/sealing/subject.ts';

export interface SealingCost {
  readonly photoBytes: number;
  readonly rounds: number;
  readonly sealMedianMs: number;
  readonly openMedianMs: number;
  /** Of sealing and opening once each. */
  readonly bothMedianMs: number;
  /** What Redis stores for one subject, by what the photo alone has. */
  readonly storedRatio: number;
}

/** Seals and opens one subject over and over; the first fifth of the rounds warms up and is not counted. */
export function measureSealing(photoBytes: number, rounds: number, keys: string): SealingCost {
  const parsing = parseKeyRing(keys);
  if (!parsing.ok) throw new TypeError(parsing.errors.join('; '));
  const subject: Subject = { idCard: '999999199001010000', name: '测试', photo: randomBytes(photoBytes) };
  const timings = Array.from({ length: rounds }, (_, round) => {
    const id = `ver_${round}`;
    const start = performance.now();
    const sealed = sealSubject(parsing.keyRing, id, subject);
    const middle = performance.now();
    const opening = openSubject(parsing.keyRing, id, sealed);
    const end = performance.now();
    if (opening.status !== 'opened') throw new Error('a subject just sealed must open');
    const storedBytes = sealed.wrappedKey.length + sealed.fields.length + sealed.photo.length;
    return { sealMs: middle - start, openMs: end - middle, storedBytes };
  }).slice(Math.floor(rounds / 5));
  return {
    photoBytes,
    rounds: timings.length,
    sealMedianMs: computeMedian(timings.map((timing) => timing.sealMs)),
    openMedianMs: computeMedian(timings.map((timing) => timing.openMs)),
    bothMedianMs: computeMedian(timings.map((timing) => timing.sealMs + timing.openMs)),
    storedRatio: computeMedian(timings.map((timing) => timing.storedBytes)) / photoBytes,
  };
}

function computeMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
