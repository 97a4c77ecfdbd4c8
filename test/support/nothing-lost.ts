import { expect } from 'vitest';
import type { Chain } from './chain.ts';
import type { Accepted } from './steady-load.ts';

const ARRIVES_WITHIN_MS = 120_000;

/** Every accepted one gets one event with a verdict; the upstream was asked twice about none that does not say so. */
export async function expectNothingLost(chain: Chain, accepted: readonly Accepted[]): Promise<void> {
  const asked = await Promise.all(
    accepted.map(async ({ id, person }) => {
      const { type, data } = await chain.receiver.eventOf(id, ARRIVES_WITHIN_MS);
      const { calls } = chain.sandbox.calls(person.idCard);
      return { type, askedTwiceUnmarked: calls > 1 && data.outcome?.possiblyBilledAgain !== true };
    }),
  );
  expect(asked).toEqual(accepted.map(() => ({ type: 'verification.completed', askedTwiceUnmarked: false })));
}
