import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { FlowProducer, type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Logger, pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { type PipelineIntake, type PipelineOptions, photoBytes } from './pipeline-options.ts';
import { post } from './post.ts';
import { createTc3Signer } from './tc3-signer.ts';

/*
 * What a careful engineer would write on BullMQ, who has read its documentation: the subject is sealed and lies in a key of
 * its own, not in the job; a record says how far a verification is; a flow leads from the verification to its delivery, so that no
 * crash between them loses the event; the request is signed with TC3 and the webhook as Standard Webhooks are; both are
 * tried again; one line is logged for each step.
 *
 * Left out, to its advantage: the quota and the limit per person, clients and their keys, checks of a submission, the
 * Idempotency-Key, promises, one transaction for all that a submission writes, the outcome table, calls that may have been
 * billed, the address guard, the cap and the breaker of an endpoint, expiry, metrics.
 */
interface Subject {
  readonly idCard: string;
  readonly name: string;
  readonly photo: Buffer;
}

interface CarefulJob {
  readonly id: string;
}

const VERIFICATIONS = 'careful-verifications';
const EVENTS = 'careful-events';
const KEPT_SECONDS = 30 * 86_400;
const ATTEMPTS = { attempts: 5, backoff: { type: 'exponential', delay: 1_000 } } as const;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const recordKey = (id: string) => `careful:verification:${id}`;
const subjectKey = (id: string) => `careful:subject:${id}`;

/** Lines are gathered, as pino's documentation advises where speed counts. */
const openLog = (): Logger => pino(pino.destination({ dest: '/dev/null', sync: false, minLength: 4_096 }));

export function openCarefulIntake({ redisUrl, sealingKey }: PipelineOptions): PipelineIntake {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const flows = new FlowProducer({ connection: redis });
  const key = Buffer.from(sealingKey, 'base64');
  const log = openLog();
  return async ({ idCard, name, photo }) => {
    const id = randomUUID();
    const sealed = seal(key, id, { idCard, name, photo: photoBytes(photo) });
    await redis
      .multi()
      .set(subjectKey(id), sealed, 'EX', KEPT_SECONDS)
      .hset(recordKey(id), { status: 'queued', submittedAt: Date.now() })
      .exec();
    const opts = { ...ATTEMPTS, jobId: id, removeOnComplete: true };
    await flows.add({
      name: 'deliver',
      queueName: EVENTS,
      data: { id },
      opts,
      children: [
        {
          name: 'verify',
          queueName: VERIFICATIONS,
          data: { id },
          opts: { ...opts, ignoreDependencyOnFailure: true },
        },
      ],
    });
    log.info({ event: 'accepted', verification: id }, 'verification accepted');
    return id;
  };
}

export async function startCarefulPipeline(options: PipelineOptions): Promise<void> {
  const { redisUrl, upstreamUrl, receiverUrl, concurrency, sealingKey, webhookSecret } = options;
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const key = Buffer.from(sealingKey, 'base64');
  const webhook = new Webhook(webhookSecret);
  const sign = createTc3Signer({ secretId: 'bench-secret-id', secretKey: 'bench-secret-key' });
  const log = openLog();

  const verify = async ({ data: { id } }: Job<CarefulJob>): Promise<void> => {
    const [sealed] = await Promise.all([
      connection.getBuffer(subjectKey(id)),
      connection.hset(recordKey(id), { status: 'processing', sentAt: Date.now() }),
    ]);
    if (sealed === null) throw new Error(`Cannot verify ${id}: its subject is gone`);
    const { idCard, name, photo } = open(key, id, sealed);
    const content = JSON.stringify({ ImageBase64: photo.toString('base64'), IdCard: idCard, Name: name });
    const answer = await post(upstreamUrl, sign(new URL(upstreamUrl).host, content, Date.now()), content);
    await connection
      .multi()
      .hset(recordKey(id), { status: 'completed', answer: JSON.stringify(answer), completedAt: Date.now() })
      .expire(recordKey(id), KEPT_SECONDS)
      .del(subjectKey(id))
      .exec();
    log.info({ event: 'verified', verification: id }, 'verification answered');
  };
  const deliver = async ({ data: { id } }: Job<CarefulJob>): Promise<void> => {
    const { status, answer } = await connection.hgetall(recordKey(id));
    const result = answer === undefined ? null : JSON.parse(answer);
    const content = JSON.stringify({ type: `verification.${status}`, data: { id, result } });
    const at = new Date();
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, at, content),
    };
    await post(receiverUrl, headers, content);
    await connection.hset(recordKey(id), { deliveredAt: Date.now() });
    log.info({ event: 'delivered', verification: id }, 'event delivered');
  };

  const workers = [
    new Worker(VERIFICATIONS, verify, { connection, concurrency }),
    new Worker(EVENTS, deliver, { connection, concurrency }),
  ];
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
}

/** AES-256-GCM, bound to the id: nonce, tag, then the person's length and text and the photo. */
function seal(key: Buffer, id: string, { idCard, name, photo }: Subject): Buffer {
  const person = Buffer.from(JSON.stringify({ idCard, name }));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(person.length);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id));
  const sealed = [cipher.update(length), cipher.update(person), cipher.update(photo), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
}

function open(key: Buffer, id: string, sealed: Buffer): Subject {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
  decipher.final();
  const photoAt = 2 + plain.readUInt16BE(0);
  return { ...JSON.parse(plain.toString('utf8', 2, photoAt)), photo: plain.subarray(photoAt) };
}
