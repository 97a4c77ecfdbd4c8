import { createSandbox } from '../../sandbox/app.ts';
import { Gateway } from '../../sandbox/gateway.ts';
import { DEFAULT_BILLED_CODES } from '../../shared/outcomes/resolve-outcome.ts';
import type { UpstreamCall } from '../storm/logs.ts';
import { personOfJob } from '../storm/person-of-job.ts';
import type { Order } from './plan.ts';
import type { World } from './world/world.ts';

export const SECRET_ID = 'sandbox-secret-id';
export const SECRET_KEY = 'sandbox-secret-key';

export interface UpstreamBook {
  readonly calls: UpstreamCall[];
}

/** Of the sandbox, which answers from a table. Its quota is not enforced here: the judge counts arrivals. */
export async function serveUpstream(
  world: World,
  orders: readonly Order[],
  port: number,
): Promise<UpstreamBook> {
  const book: UpstreamBook = { calls: [] };
  watchGateway(book);
  const sandbox = await createSandbox({
    host: '127.0.0.1',
    port,
    secretId: SECRET_ID,
    secretKey: SECRET_KEY,
    quotaPerSecond: 1_000_000,
    now: () => world.wallMs(world.nature),
    random: () => world.chance.next(),
  });
  for (const { job, answers } of orders) {
    sandbox.script(personOfJob(job).idCard, answers as unknown as Parameters<typeof sandbox.script>[1]);
  }
  return book;
}

const handle = Gateway.prototype.handle;

/** Every call that arrived to its last byte, before anything becomes of its answer. */
function watchGateway(book: UpstreamBook): void {
  Gateway.prototype.handle = function watched(request) {
    const reply = handle.call(this, request);
    const [, idCard = ''] = /"IdCard":"([0-9X]+)"/.exec(request.body.toString('latin1')) ?? [];
    const { code, fault } = reply.answer;
    const at = request.arrivedAt;
    book.calls.push({
      idCard,
      at,
      earliestAt: at,
      code: fault === undefined ? code : null,
      charged: DEFAULT_BILLED_CODES.has(code),
      answeredAt: fault === undefined ? at : null,
      abandonedAt: null,
      fault: fault ?? null,
    });
    return reply;
  };
}
