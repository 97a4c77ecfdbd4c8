import { SUBMITTERS, serveSubmissions, submitUntilAccepted } from '../chain/submitter-process.ts';
import { createSender, type SenderOptions } from './submission-sender.ts';

export type HttpSubmitterOrders = Omit<SenderOptions, 'connections'>;

/*
 * Submits over HTTP, to Veriqueue and to a pipeline's front alike. A refusal that asks for a repeat is repeated, and counted.
 *
 * A process of its own. Its orders come as one JSON argument.
 */
const orders: HttpSubmitterOrders = JSON.parse(process.argv[2] ?? '');
const send = createSender({ ...orders, connections: SUBMITTERS });

serveSubmissions((serial) => submitUntilAccepted(() => send(serial)));
