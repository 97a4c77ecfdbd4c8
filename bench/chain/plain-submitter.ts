import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { addPlainVerification, openPlainQueue } from '../plain-pipeline.ts';
import { makePerson } from '../submitter.ts';
import { serveSubmissions } from './submitter-process.ts';

export interface PlainSubmitterOrders {
  readonly redisUrl: string;
  readonly photoBytes: number;
}

/* Submits to the plain pipeline, as a process of its own. Its orders come as one JSON argument. */
const orders: PlainSubmitterOrders = JSON.parse(process.argv[2] ?? '');
const queue = openPlainQueue(new Redis(orders.redisUrl, { maxRetriesPerRequest: null }));
const photo = randomBytes(orders.photoBytes);

serveSubmissions((serial) =>
  addPlainVerification(queue, {
    id: randomUUID(),
    ...makePerson(serial),
    imageBase64: photo.toString('base64'),
  }),
);
