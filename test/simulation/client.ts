import { setTimeout as sleep } from 'node:timers/promises';
import type { SubmissionEntry } from '../storm/logs.ts';
import { personOfJob, referenceOfJob } from '../storm/person-of-job.ts';
import { makeTinyPhoto } from '../upgrade/make/tiny-photo.ts';
import { ask, type Chain } from './chain.ts';
import type { Order } from './plan.ts';

const image = makeTinyPhoto();

const PATIENCE_MS = 3_000;
const REPEAT_MS = 400;
const STATUS_OF = { accepted: 202, replayed: 202 } as const;

export interface Submitter {
  readonly entries: readonly SubmissionEntry[];
  /** Ids by job, of those that were accepted. */
  readonly accepted: ReadonlyMap<number, string>;
  /** `completesBy` as the first answer has it, ms epoch, by job. */
  readonly promised: ReadonlyMap<number, number>;
  /** Whether every order has its answer. */
  isDone(): boolean;
}

/** An application that submits each order under a key until it is answered, as the guide asks. */
export function startSubmitter(chain: Chain, orders: readonly Order[]): Submitter {
  const entries: SubmissionEntry[] = [];
  const accepted = new Map<number, string>();
  const promised = new Map<number, number>();
  let open = orders.length;
  for (const order of orders) {
    chain.world.after(order.at - chain.world.now, chain.client, `submit ${order.job}`, () => {
      void submit(chain, order, (entry, completesBy) => {
        entries.push(entry);
        if (entry.id !== null) accepted.set(entry.job, entry.id);
        if (completesBy !== null) promised.set(entry.job, Date.parse(completesBy));
      }).then(() => {
        open -= 1;
      });
    });
  }
  return { entries, accepted, promised, isDone: () => open === 0 };
}

type Note = (entry: SubmissionEntry, completesBy: string | null) => void;

async function submit(chain: Chain, order: Order, note: Note): Promise<void> {
  for (;;) {
    const at = Date.now();
    const answer = await Promise.race([submitOnce(chain, order), sleep(PATIENCE_MS, null)]);
    const base = { job: order.job, key: referenceOfJob(order.job), at, answeredAt: Date.now() };
    if (answer === null) note({ ...base, status: null, id: null }, null);
    else if (answer.status === 'refused') note({ ...base, status: answer.problem.status, id: null }, null);
    else {
      const { id, completesBy } = answer.verification;
      note({ ...base, status: STATUS_OF[answer.status], id }, completesBy);
      return;
    }
    await sleep(REPEAT_MS);
  }
}

async function submitOnce({ world, producer }: Chain, { job, client, priority }: Order) {
  const { instance } = producer;
  const running = producer.running?.[client];
  if (running === undefined || !instance.alive) return null;
  const { idCard, name } = personOfJob(job);
  return ask(world, instance, () =>
    running.submit(
      { idCard, name, image, priority, reference: referenceOfJob(job) },
      { idempotencyKey: referenceOfJob(job) },
    ),
  );
}
