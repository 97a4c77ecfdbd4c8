import { z } from 'zod';

/** How many submissions are under way at once. */
export const SUBMITTERS = 32;

const submissionOrder = z.object({ first: z.number().int(), count: z.number().int() });

/** Makes this process a submitter: it carries out one order after the other, and ends with its parent. */
export function serveSubmissions(submit: (serial: number) => Promise<void>): void {
  process.on('message', (message) => {
    const { first, count } = submissionOrder.parse(message);
    void submitMany(submit, first, first + count).then(() => process.send?.({ submitted: count }));
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true, url: '' });
}

async function submitMany(
  submit: (serial: number) => Promise<void>,
  first: number,
  end: number,
): Promise<void> {
  let next = first;
  const submitter = async () => {
    while (next < end) {
      next += 1;
      await submit(next - 1);
    }
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submitter));
}
