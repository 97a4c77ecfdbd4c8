import { createHash } from 'node:crypto';
import type { ApiError } from './api-error.ts';
import { codeRow } from './codes.ts';
import type { Carrier, Fault, PlannedResult } from './planned-result.ts';

/** What one call is answered, complete: nothing is left to defaults. */
export interface Answer {
  readonly code: string;
  readonly carrier: Carrier;
  readonly description: string;
  readonly sim: number | null;
  readonly omit: readonly string[];
  /** Undefined: the sandbox's usual latency. */
  readonly latencyMs: number | undefined;
  readonly fault: Fault | undefined;
}

/** The similarity from which on the sandbox's database says "same person"; the API page recommends 70. */
const PASS_MARK = 70;

/** A fraction in [0, 1) that depends on the person alone, so that an answer can be matched to its question. */
function fractionOf(idCard: string): number {
  return createHash('sha256').update(`sim:${idCard}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** The similarity of this person with a photo that matches, 70.00 to 99.99. */
export function matchingSim(idCard: string): number {
  return Number((PASS_MARK + fractionOf(idCard) * 29.99).toFixed(2));
}

/** The similarity of this person with a photo of another person, 5.00 to 64.99. */
export function lowSim(idCard: string): number {
  return Number((5 + fractionOf(idCard) * 59.99).toFixed(2));
}

function defaultSim(code: string, idCard: string): number {
  if (code === 'Success') return matchingSim(idCard);
  return code === 'FailedOperation.CompareLowSimilarity' ? lowSim(idCard) : 0;
}

/** Fills in a planned result for one person. */
export function completeAnswer(planned: PlannedResult, idCard: string): Answer {
  const row = codeRow(planned.code);
  return {
    code: planned.code,
    carrier: planned.carrier ?? row.carrier,
    description: planned.description ?? row.description,
    sim: planned.sim === undefined ? defaultSim(planned.code, idCard) : planned.sim,
    omit: planned.omit ?? [],
    latencyMs: planned.latencyMs,
    fault: planned.fault,
  };
}

/** The gateway's refusal as an answer. */
export function refusal(error: ApiError): Answer {
  return {
    code: error.code,
    carrier: 'error',
    description: error.message,
    sim: null,
    omit: [],
    latencyMs: 0,
    fault: undefined,
  };
}

/** The JSON of the answer, in the documented shape. */
export function renderAnswer(answer: Answer, extra: string | undefined, requestId: string): string {
  const fields =
    answer.carrier === 'error'
      ? { Error: { Code: answer.code, Message: answer.description }, RequestId: requestId }
      : {
          Description: answer.description,
          ...(extra === undefined ? {} : { Extra: extra }),
          RequestId: requestId,
          Result: answer.code,
          Sim: answer.sim,
        };
  const kept = Object.entries(fields).filter(([name]) => !answer.omit.includes(name));
  return JSON.stringify({ Response: Object.fromEntries(kept) });
}
