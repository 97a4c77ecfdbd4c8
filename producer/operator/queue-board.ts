import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problemTable } from '../../shared/contract/problem.ts';
import { queryNumber } from '../../shared/contract/query-number.ts';
import { classifyError } from '../classify-error.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import type { OperatorAuth } from './operator-auth.ts';

/** Its page asks another host for fonts, which our policy forbids anyway. */
const FOREIGN_LINK = /<link[^>]*fonts\.googleapis\.com[^>]*>/g;

/**
 * Bull Board at `/queues`, for a look at the raw jobs. Nothing can be changed there: a job that is removed, cleaned, retried
 * or promoted by hand leaves a verification whose record waits for it forever, or asks a paid question again. What may be
 * done is done in the console, by scripts that move record and job together.
 */
export async function addQueueBoard(
  app: FastifyInstance,
  { queues, auth }: { readonly queues: ProducerQueues; readonly auth: OperatorAuth },
): Promise<void> {
  const board = new ReadingAdapter();
  board.setBasePath('/queues');
  createBullBoard({
    queues: [queues.verifications, queues.deliveries].map(
      (queue) => new BullMQAdapter(queue, { readOnlyMode: true }),
    ),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Veriqueue: queues' } },
  });
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => admit(auth, request, reply));
      scope.addHook('onRequest', async (request, reply) => refuseLargePages(request, reply));
      scope.addHook('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
        return isPage && typeof payload === 'string' ? payload.replace(FOREIGN_LINK, '') : payload;
      });
      await scope.register(board.registerPlugin());
    },
    { prefix: '/queues' },
  );
}

const count = (max: number) => queryNumber({ min: 1, max }).optional();

/** What of the board's parameters says how much is read. Its own schema sets no bounds. */
const boardQuery = z.object({
  page: count(100_000),
  jobsPerPage: count(100),
  depth: count(10),
  maxChildren: count(100),
  activeQueue: z
    .string()
    .max(100)
    .regex(/^[^%]*$/)
    .optional(),
  status: z.string().max(100).optional(),
});

/** Bull Board answers errors in a form of its own, and so does this. */
async function refuseLargePages(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (boardQuery.safeParse(request.query).success) return undefined;
  const { status, title } = problemTable.invalid_query;
  return reply.code(status).send({ error: title });
}

/** Its read-only mode hides what changes something; here those routes do not exist. */
class ReadingAdapter extends FastifyAdapter {
  override setApiRoutes(routes: Parameters<FastifyAdapter['setApiRoutes']>[0]): FastifyAdapter {
    return super.setApiRoutes(routes.filter(({ method }) => method === 'get'));
  }
}

/** Bull Board has an error handler of its own, so the answer is given here. */
async function admit(
  auth: OperatorAuth,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  try {
    await auth.admit(request);
    return undefined;
  } catch (error) {
    const { code, message, headers } = classifyError(error);
    const { status } = problemTable[code];
    if (request.url.startsWith('/queues/api/')) {
      return reply.code(status).headers(headers).send({ error: message });
    }
    return status === 401
      ? reply.redirect('/console', 303)
      : reply.code(status).headers(headers).send(message);
  }
}
