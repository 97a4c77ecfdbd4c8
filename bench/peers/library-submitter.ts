import { openProducer, type ProducerOptions } from '../../producer/library/open-producer.ts';
import { serveSubmissions, submitUntilAccepted } from '../chain/submitter-process.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';

export interface LibrarySubmitterOrders {
  readonly producer: ProducerOptions;
  readonly photoBytes: number;
}

/* Submits by the library, in its own process. A refusal that asks for a repeat is repeated, and counted. Its orders come as one JSON argument. */
const orders: LibrarySubmitterOrders = JSON.parse(process.argv[2] ?? '');
const producer = await openProducer(orders.producer);
const image = makeJpeg(orders.photoBytes);

serveSubmissions((serial) =>
  submitUntilAccepted(async () => {
    const outcome = await producer.submit({ ...makePerson(serial), image });
    if (outcome.status !== 'refused') return true;
    if (outcome.retryAfterMs !== null) return false;
    throw new Error(`Cannot submit: refused with ${outcome.problem.code}`);
  }),
);
