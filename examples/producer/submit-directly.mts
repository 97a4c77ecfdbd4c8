/** Submits one photo straight into Redis: node submit-directly.mjs PHOTO */
import { readFile } from 'node:fs/promises';
import { openProducer } from 'veriqueue/producer';

const { REDIS_URL = '', VERIQUEUE_KEYS = '', CLIENT_ID = '', LANE } = process.env;
const producer = await openProducer({
  redisUrl: REDIS_URL,
  keys: VERIQUEUE_KEYS,
  clientId: CLIENT_ID,
  lane: LANE,
});

const outcome = await producer.submit(
  {
    idCard: '990001199001010013',
    name: '测试甲子',
    image: await readFile(process.argv[2] ?? 'photo.jpg'),
    reference: 'order-19',
  },
  { idempotencyKey: 'order-19' }, // the same again if this program is run again, so each person is asked about once
);
if (outcome.status === 'refused') {
  const { problem, retryAfterMs } = outcome;
  process.stdout.write(`${problem.code} ${retryAfterMs ?? 'never as it is'}\n`);
  for (const { pointer, detail } of problem.errors ?? []) process.stdout.write(`${pointer} ${detail}\n`);
} else {
  process.stdout.write(`${outcome.status} ${outcome.verification.id}\n`);
}
await producer.close();
