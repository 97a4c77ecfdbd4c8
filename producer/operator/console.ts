import type { FastifyInstance, FastifyRequest } from 'fastify';
import { signIn, signOutQuery } from '../../shared/contract/console.ts';
import type { Logger } from '../../shared/log.ts';
import { isPackageMissing } from '../../shared/missing-package.ts';
import { logPassedBy } from '../../shared/store/redis/log-passed-by.ts';
import { SIGN_IN_BODY_BYTES } from '../http-limits.ts';
import { parseInput } from '../parse-input.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import type { ConsoleFiles } from './console-files.ts';
import { addConsoleQueries } from './console-queries.ts';
import { addEventsRoute } from './events-route.ts';
import type { FindDeps } from './find-verifications.ts';
import { createLive } from './live.ts';
import { type ActionDeps, addOperatorActions } from './operator-actions.ts';
import { createOperatorAuth, type OperatorAuth } from './operator-auth.ts';
import { createOperatorTasks } from './operator-tasks.ts';
import { readSnapshot } from './snapshot.ts';

export interface ConsoleDeps extends FindDeps, Omit<ActionDeps, 'tasks' | 'report'> {
  readonly queues: ProducerQueues;
  readonly operatorKey: string;
  readonly files: () => Promise<ConsoleFiles>;
}

/** The operators' page at `/console`, its data under `/console/api`, and the raw queues at `/queues`. */
export async function addConsole(app: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  const auth = createOperatorAuth(deps);
  const tasks = createOperatorTasks(deps.log);
  const report = logPassedBy(deps.log);
  const live = createLive({ read: () => readSnapshot({ ...deps, report }), now: deps.now, log: deps.log });
  const ends = new AbortController();
  // Before the server waits for its connections: these would not end by themselves.
  app.addHook('preClose', async () => {
    ends.abort();
    auth.stop();
    await Promise.all([live.stop(), tasks.stop()]);
  });
  await app.register(async (scope) => {
    // Of no use to clients, so not in their document.
    scope.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, hide: true };
    });
    addPage(scope, deps.files);
    addSessions(scope, auth);
    await scope.register(async (inner) => {
      inner.addHook('onRequest', (request) => auth.admit(request));
      addConsoleQueries(inner, { ...deps, report });
      addOperatorActions(inner, { ...deps, tasks, report });
      addEventsRoute(inner, { live, follow: auth.follow, ends: ends.signal });
    });
  });
  await addQueues(app, { queues: deps.queues, auth, log: deps.log });
}

const PAGES = [
  ['/console', 'index.html', 'text/html; charset=utf-8'],
  ['/console/', 'index.html', 'text/html; charset=utf-8'],
  ['/console/app.js', 'app.js', 'text/javascript; charset=utf-8'],
  ['/console/app.css', 'app.css', 'text/css; charset=utf-8'],
  ['/console/notices.txt', 'notices.txt', 'text/plain; charset=utf-8'],
] as const;

/** Bull Board is left out of an image that was built with WITH_QUEUES=no. */
async function addQueues(
  app: FastifyInstance,
  { log, ...deps }: { readonly queues: ProducerQueues; readonly auth: OperatorAuth; readonly log: Logger },
): Promise<void> {
  try {
    const { addQueueBoard } = await import('./queue-board.ts');
    await addQueueBoard(app, deps);
  } catch (error) {
    if (!isPackageMissing(error)) throw error;
    log.info({ event: 'queues_off' }, 'Bull Board is not installed: no /queues');
  }
}

/** The page holds no data; what it shows, it asks for with a session. */
function addPage(app: FastifyInstance, files: ConsoleDeps['files']): void {
  for (const [url, name, type] of PAGES) {
    app.get(url, async (_request, reply) => reply.type(type).send((await files()).get(name)));
  }
}

function addSessions(app: FastifyInstance, auth: OperatorAuth): void {
  const url = '/console/api/session';
  app.get(url, async (request) => ({ signedIn: await auth.hasSession(request) }));
  const early = {
    bodyLimit: SIGN_IN_BODY_BYTES,
    onRequest: async (request: FastifyRequest) => auth.admitSignIn(request),
  };
  app.post(url, early, async (request, reply) => {
    const { key } = parseInput(signIn, request.body ?? {}, 'invalid_request');
    return reply
      .code(204)
      .header('set-cookie', await auth.signIn(request, key))
      .send();
  });
  app.delete(url, async (request, reply) => {
    const { which } = parseInput(signOutQuery, request.query, 'invalid_query');
    return reply
      .code(204)
      .header('set-cookie', await auth.signOut(request, which))
      .send();
  });
}
