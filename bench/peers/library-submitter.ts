import { openProducer, type ProducerOptions } from '../../producer/library/open-producer.ts';
import { serveSubmissions } from '../chain/submitter-process.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';

export interface LibrarySubmitterOrders {
  readonly producer: ProducerOptions;
  readonly photoBytes: number;
}

/* Submits by the library, in its own process. Its orders come as one JSON argument. */
const orders: LibrarySubmitterOrders = JSON.parse(process.argv[2] ?? '');
const producer = await openProducer(orders.producer);
const image = makeJpeg(orders.photoBytes);

serveSubmissions(async (serial) => {
  const outcome = await producer.submit({ ...makePerson(serial), image });
  if (outcome.status === 'refused') throw new Error(`Cannot submit: refused with ${outcome.problem.code}`);
});
