import { makeDice } from './dice.ts';

/** What the upstream makes of one call: what it says, whether it will bill it, and how it fails to say it. */
export interface PlannedAnswer {
  readonly code: string;
  readonly charged: boolean;
  /** From the last byte of the request to the first of the answer. */
  readonly latencyMs: number;
  readonly delivery: 'whole' | 'drop' | 'half' | 'garbage' | 'http_500';
}

/** What people come to without a fault, by share: verdicts of each kind, billed and unbilled ones. */
const VERDICTS = [
  { share: 0.8, code: 'Success', charged: true },
  { share: 0.08, code: 'FailedOperation.CompareLowSimilarity', charged: true },
  { share: 0.04, code: 'FailedOperation.IdNameMisMatch', charged: true },
  { share: 0.08, code: 'FailedOperation.LifePhotoPoorQuality', charged: false },
] as const;

/** Slow enough that calls are under way whenever a fault comes. */
const LATENCY_MS = { min: 100, max: 1_500 };
const SLOW_MS = 2_500;
/** Further than the caller waits. */
const OVERDUE_MS = 1_500;

/** The same verdict at every call: it follows from the seed and the person alone. */
export function computeAnswer(
  seed: number,
  idCard: string,
  fault: string | null,
  { nth, callTimeoutMs }: { readonly nth: number; readonly callTimeoutMs: number },
): PlannedAnswer {
  const dice = makeDice(hash(`${seed} ${idCard}`));
  const verdict = pickVerdict(dice.next());
  const own = makeDice(hash(`${seed} ${idCard} ${nth}`));
  const latencyMs = own.between(LATENCY_MS.min, LATENCY_MS.max);
  const usual: PlannedAnswer = { ...verdict, latencyMs, delivery: 'whole' };
  return fault === null ? usual : spoil(usual, fault, callTimeoutMs);
}

function spoil(usual: PlannedAnswer, fault: string, callTimeoutMs: number): PlannedAnswer {
  switch (fault) {
    case 'upstream_drop':
      return { ...usual, delivery: 'drop' };
    case 'upstream_half_answer':
      return { ...usual, delivery: 'half' };
    case 'upstream_garbage':
      return { ...usual, delivery: 'garbage' };
    case 'upstream_5xx':
      return { ...usual, charged: false, delivery: 'http_500' };
    case 'upstream_slow':
      return { ...usual, latencyMs: SLOW_MS };
    case 'upstream_timeout':
      return { ...usual, latencyMs: callTimeoutMs + OVERDUE_MS };
    case 'upstream_transient':
      return { ...usual, code: 'FailedOperation.CompareSystemError', charged: false };
    case 'upstream_limit':
      return { ...usual, code: 'RequestLimitExceeded', charged: false, latencyMs: 5 };
    default:
      throw new RangeError(`Cannot answer: the fault must be one of the upstream's, received ${fault}`);
  }
}

function pickVerdict(dice: number): Pick<PlannedAnswer, 'code' | 'charged'> {
  let left = dice;
  for (const { share, code, charged } of VERDICTS) {
    left -= share;
    if (left < 0) return { code, charged };
  }
  return { code: 'Success', charged: true };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value;
}
