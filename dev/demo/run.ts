import { within } from '../../shared/within.ts';
import type { Stack } from '../start/stack.ts';
import type { Case } from './cases.ts';
import { type Entry, findFaults } from './find-faults.ts';
import type { ChoosePhoto } from './photos.ts';
import { startProgress } from './progress.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type Submission, type SubmitterOptions, submit } from './submit.ts';

export interface DemoRun {
  readonly entries: readonly Entry[];
  readonly events: Receiver['events'];
  /** One sentence each; empty when everything is as it should be. */
  readonly faults: readonly string[];
}

export interface RunOptions {
  readonly stack: Stack;
  readonly cases: readonly Case[];
  readonly choosePhoto: ChoosePhoto;
  readonly terminal: NodeJS.WriteStream;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
}

const AT_ONCE = 8;
/** Every so manyth is submitted twice, as after a lost answer. */
const REPEAT_EVERY = 20;
const PATIENCE_MS = 90_000;

/** Submits the cases, waits for the events, and compares them with what had to come. */
export async function runCases(options: RunOptions): Promise<DemoRun> {
  const { stack, cases, terminal, signal } = options;
  const progress = startProgress(cases.length, terminal);
  let checkAll: () => void = () => undefined;
  const receiver = await startReceiver(stack.client.webhookSecret, () => {
    progress.update(receiver.events.size);
    checkAll();
  });
  try {
    const submitter = { url: stack.url, apiKey: stack.client.apiKey, callbackUrl: receiver.url, signal };
    const { entries, faults } = await submitAll(options, submitter);
    const all = new Promise<void>((resolve) => {
      checkAll = () => (receiver.events.size >= entries.length ? resolve() : undefined);
    });
    checkAll();
    await untilPatienceEnds(all, signal);
    const rejections = receiver.rejections.map((reason) => `a delivery did not verify: ${reason}`);
    return {
      entries,
      events: receiver.events,
      faults: [...faults, ...rejections, ...findFaults(entries, receiver.events)],
    };
  } finally {
    progress.stop();
    await receiver.close();
  }
}

async function submitAll(
  { cases, choosePhoto }: RunOptions,
  submitter: SubmitterOptions,
): Promise<{ entries: Entry[]; faults: string[] }> {
  const entries: Entry[] = [];
  const faults: string[] = [];
  const waiting = cases.map((each, index) => makeSubmission(each, index, choosePhoto));
  const submitNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const submittedAt = Date.now();
      const accepted = await submit(submitter, next);
      entries.push({ demoCase: next.demoCase, accepted, submittedAt });
      if (entries.length % REPEAT_EVERY === 0) {
        const repeated = await submit(submitter, next);
        if (repeated.id !== accepted.id || !repeated.replayed) {
          faults.push(`${accepted.id}: repeated under its Idempotency-Key it became ${repeated.id}`);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, submitNext));
  return { entries, faults };
}

function makeSubmission(demoCase: Case, index: number, choosePhoto: ChoosePhoto): Submission {
  return {
    demoCase,
    photo: choosePhoto(index),
    as: index % 2 === 0 ? 'json' : 'form',
    priority: index % 3 === 0 ? 'interactive' : 'bulk',
    idempotencyKey: `demo-${index}`,
  };
}

/** What has not come by then is missing. @throws the signal's reason */
async function untilPatienceEnds(all: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  await within(PATIENCE_MS, Promise.race([all, interrupted]));
}
