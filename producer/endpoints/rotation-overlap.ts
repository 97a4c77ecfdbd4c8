import { secretRotation } from '../../shared/contract/callback.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { parseInput } from '../parse-input.ts';

/** For how long the secret before signs as well, in ms: a day unless the body of a rotation says so. @throws {ProblemError} */
export function overlapOf(body: unknown): number {
  const { overlapSeconds } = parseInput(secretRotation, body ?? {}, 'invalid_request');
  return overlapSeconds === undefined ? DAY_MS : overlapSeconds * 1_000;
}
