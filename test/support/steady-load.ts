import type { Verification } from '../../shared/contract/verification.ts';
import type { Chain } from './chain.ts';
import { makePerson, makeSubmission, type TestPerson } from './person.ts';

export interface Accepted {
  readonly id: string;
  readonly person: TestPerson;
}

export interface SteadyLoad {
  readonly accepted: readonly Accepted[];
  /** Answers other than 202, and broken connections, by their times (ms epoch). */
  readonly refusedAt: readonly number[];
  readonly acceptedAt: readonly number[];
  /** Resolves with the next submission that is accepted. */
  untilAccepted(): Promise<void>;
  stop(): Promise<void>;
}

/** Submits persons one after another, each after a pause, whatever becomes of the one before. */
export function startSteadyLoad(chain: Chain, everyMs = 60): SteadyLoad {
  const accepted: Accepted[] = [];
  const acceptedAt: number[] = [];
  const refusedAt: number[] = [];
  const waiting: (() => void)[] = [];
  const underWay = new Set<Promise<void>>();
  const submit = async () => {
    const person = makePerson();
    const answer = await chain
      .call('/v1/verifications', {
        method: 'POST',
        body: JSON.stringify(makeSubmission(person)),
        headers: { 'content-type': 'application/json' },
      })
      .catch(() => null);
    if (answer?.status !== 202) {
      await answer?.body?.cancel();
      refusedAt.push(Date.now());
      return;
    }
    const { id } = (await answer.json()) as Verification;
    accepted.push({ id, person });
    acceptedAt.push(Date.now());
    for (const resolve of waiting.splice(0)) resolve();
  };
  const timer = setInterval(() => {
    const one = submit().finally(() => underWay.delete(one));
    underWay.add(one);
  }, everyMs);
  return {
    accepted,
    acceptedAt,
    refusedAt,
    untilAccepted: () => new Promise((resolve) => waiting.push(resolve)),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}
