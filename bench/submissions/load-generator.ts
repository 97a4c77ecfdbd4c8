import { setTimeout as delay } from 'node:timers/promises';
import { submitUntilAccepted } from '../chain/submitter-process.ts';
import { createSender, type SenderOptions } from '../peers/submission-sender.ts';
import { type LoadDone, type LoadOrder, loadOrder } from './load.ts';

export type LoadGeneratorOrders = SenderOptions;

/* Submits over HTTP and measures. A process of its own. Its orders come as one JSON argument; it ends with its parent. */
const options: LoadGeneratorOrders = JSON.parse(process.argv[2] ?? '');
const send = createSender(options);

process.on('message', (message) => {
  void carryOut(loadOrder.parse(message)).then((done) => process.send?.(done));
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url: '' });

async function carryOut(order: LoadOrder): Promise<LoadDone> {
  const startedAt = performance.now();
  const latencies: number[] = [];
  let repeats = 0;
  const submit = async (serial: number, dueAt: number) => {
    repeats += await submitUntilAccepted(() => send(serial));
    latencies.push(performance.now() - dueAt);
  };
  await (order.kind === 'asFastAsItGoes' ? sendAll(order, submit) : sendAtRate(order, submit));
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, repeats, latencies: latencies.toSorted((a, b) => a - b) };
}

type Submit = (serial: number, dueAt: number) => Promise<void>;
type OrderOf<Kind extends LoadOrder['kind']> = Extract<LoadOrder, { kind: Kind }>;

async function sendAll({ first, count, atOnce }: OrderOf<'asFastAsItGoes'>, submit: Submit): Promise<void> {
  let next = first;
  const one = async () => {
    while (next < first + count) {
      next += 1;
      await submit(next - 1, performance.now());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function sendAtRate({ first, count, perSecond }: OrderOf<'atARate'>, submit: Submit): Promise<void> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (let i = 0; i < count; i += 1) {
    const dueAt = startedAt + (i * 1000) / perSecond;
    if (dueAt > performance.now()) await delay(dueAt - performance.now());
    underWay.push(submit(first + i, dueAt));
  }
  await Promise.all(underWay);
}
