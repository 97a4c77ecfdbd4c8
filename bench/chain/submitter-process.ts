import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** How many submissions are under way at once. */
export const SUBMITTERS = 32;

const submissionOrder = z.object({ first: z.number().int(), count: z.number().int() });

/** What a submitter answers an order with. */
export const submissionsDone = z.object({
  submitted: z.number().int(),
  /** Submissions that were sent again, because the answer asked for it. */
  repeats: z.number().int(),
});

/**
 * Makes this process a submitter: it carries out one order after the other, and ends with its parent.
 *
 * @param submit submits the person with that serial number; a number that it returns counts its repeats
 */
export function serveSubmissions(submit: (serial: number) => Promise<unknown>): void {
  process.on('message', (message) => {
    const { first, count } = submissionOrder.parse(message);
    void submitMany(submit, first, first + count).then((repeats) =>
      process.send?.({ submitted: count, repeats }),
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true, url: '' });
}

const PAUSE_MS = 50;

/**
 * Submits until it is accepted.
 *
 * @param send one submission; false asks for a repeat
 * @returns how many repeats it took
 */
export async function submitUntilAccepted(send: () => Promise<boolean>): Promise<number> {
  for (let repeats = 0; ; repeats += 1) {
    if (await send()) return repeats;
    await delay(PAUSE_MS);
  }
}

async function submitMany(
  submit: (serial: number) => Promise<unknown>,
  first: number,
  end: number,
): Promise<number> {
  let next = first;
  let repeats = 0;
  const submitter = async () => {
    while (next < end) {
      next += 1;
      const repeated = await submit(next - 1);
      if (typeof repeated === 'number') repeats += repeated;
    }
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submitter));
  return repeats;
}
