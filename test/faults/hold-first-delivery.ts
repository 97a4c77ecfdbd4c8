import type { RunningProcess } from '../../dev/start/child.ts';
import type { Chain } from '../support/chain.ts';

/** Lets the receiver answer the first delivery only when `worker` listens no more. @returns resolves as that delivery arrives */
export function holdFirstDelivery({ receiver }: Chain, worker: RunningProcess): Promise<void> {
  return new Promise((arrived) => {
    receiver.answerWith(async ({ nth }) => {
      if (nth > 1) return 200;
      arrived();
      await worker.ended;
      return 200;
    });
  });
}
