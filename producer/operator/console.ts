import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ConsoleSessionState, signIn, signOutQuery } from '../../shared/contract/console.ts';
import type { Logger } from '../../shared/log.ts';
import { isPackageMissing } from '../../shared/missing-package.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { logPassedBy } from '../../shared/store/redis/log-passed-by.ts';
import { SIGN_IN_BODY_BYTES } from '../http-limits.ts';
import { parseInput } from '../parse-input.ts';
import type { ProducerQueues } from '../submission/enqueue.ts';
import { addAccountRoutes } from './account-routes.ts';
import { addActivityRoute } from './activity-route.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { addClientDeliveryRoute } from './client-delivery-route.ts';
import { addClientEndpointRoutes } from './client-endpoint-routes.ts';
import { addClientReceiptRoute } from './client-receipt-route.ts';
import { addClientRedeliveryRoute } from './client-redelivery-route.ts';
import { addClientRoutes, type ClientRouteDeps } from './client-routes.ts';
import type { ConsoleFiles } from './console-files.ts';
import { addConsoleQueries } from './console-queries.ts';
import { addCredentialRoutes } from './credential-routes.ts';
import { addDeadLetterRoutes } from './dead-letters.ts';
import { addEventsRoute } from './events-route.ts';
import type { FindDeps } from './find-verifications.ts';
import { createLive } from './live.ts';
import { addLogsRoute } from './logs-route.ts';
import { createNoteAction, writeAction } from './note-action.ts';
import { createNoteReading } from './note-reading.ts';
import { addOperatorActions } from './operator-actions.ts';
import { createOperatorAuth, type OperatorAuth } from './operator-auth.ts';
import { addOperatorEndpointRoutes } from './operator-endpoint-routes.ts';
import { addOperatorRoutes } from './operator-routes.ts';
import { createOperatorTasks } from './operator-tasks.ts';
import { addRecordRoutes, type RecordRouteDeps } from './record-route.ts';
import { addChangesRoute } from './routes-changes.ts';
import { addClientDeletionRoute, type ClientDeletionRouteDeps } from './routes-client-deletion.ts';
import { readSnapshot } from './snapshot.ts';
import { addUsageRoutes } from './usage-routes.ts';
import { addVerificationReceiptRoute } from './verification-receipt-route.ts';

export interface ConsoleDeps
  extends FindDeps,
    Omit<ClientRouteDeps & ClientDeletionRouteDeps, 'tasks' | 'note' | 'report' | 'operatorOf' | 'keptMs'> {
  readonly queues: ProducerQueues;
  readonly operatorKey: string;
  readonly log: Logger;
  readonly audit: Audit;
  readonly hasObjectStore: boolean;
  readonly keptByProducer: RecordRouteDeps['keptByProducer'];
  /** That one client may have beside its callback. */
  readonly maxEndpoints: number;
  /** ms */
  readonly auditRetentionMs: number;
  readonly files: () => Promise<ConsoleFiles>;
}

/** The operators' page at `/console`, its data under `/console/api`, and the raw queues at `/queues`. */
export async function addConsole(app: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  const auth = createOperatorAuth(deps);
  const tasks = createOperatorTasks(deps.log);
  const note = createNoteAction({ ...deps, operatorOf: auth.operatorOf });
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
    addSessions(scope, { ...deps, auth });
    await scope.register(async (inner) => {
      inner.addHook('onRequest', (request) => auth.admit(request));
      // A body takes its time to arrive. A key that was revoked meanwhile changes nothing.
      inner.addHook('preHandler', async (request) => {
        if (request.method !== 'GET' && request.method !== 'HEAD') await auth.admit(request);
      });
      addChangesRoute(inner, deps);
      const { operatorOf } = auth;
      const noteReading = createNoteReading({ ...deps, operatorOf });
      const everything = {
        ...deps,
        tasks,
        note,
        report,
        operatorOf,
        keptMs: deps.auditRetentionMs,
        noteReading,
      };
      addConsoleQueries(inner, everything);
      addOperatorActions(inner, everything);
      addAccountRoutes(inner, everything);
      addDeadLetterRoutes(inner, everything);
      addClientRoutes(inner, everything);
      addCredentialRoutes(inner, everything);
      addClientEndpointRoutes(inner, everything);
      addClientDeliveryRoute(inner, everything);
      addClientDeletionRoute(inner, everything);
      addClientRedeliveryRoute(inner, everything);
      addClientReceiptRoute(inner, everything);
      addVerificationReceiptRoute(inner, everything);
      addOperatorRoutes(inner, everything);
      addOperatorEndpointRoutes(inner, everything);
      addUsageRoutes(inner, everything);
      addActivityRoute(inner, deps);
      addAuditRoutes(inner, everything);
      addRecordRoutes(inner, deps);
      addLogsRoute(inner, deps);
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

interface SessionDeps extends Pick<ConsoleDeps, 'audit' | 'log'> {
  readonly auth: OperatorAuth;
}

function addSessions(app: FastifyInstance, deps: SessionDeps): void {
  const { auth, log } = deps;
  const url = '/console/api/session';
  app.get(url, async (request): Promise<ConsoleSessionState> => {
    const operator = await auth.findSession(request);
    return operator === null
      ? { signedIn: false, operator: null }
      : { signedIn: true, operator: { name: operator.name, readOnly: operator.readOnly } };
  });
  const early = {
    bodyLimit: SIGN_IN_BODY_BYTES,
    onRequest: async (request: FastifyRequest) => auth.admitSignIn(request),
  };
  app.post(url, early, async (request, reply) => {
    const { key } = parseInput(signIn, request.body ?? {}, 'invalid_request');
    const { cookie, operator } = await auth.signIn(request, key);
    log.info(
      { event: 'operator_signed_in', operator: operator.name, address: request.ip },
      'an operator signed in',
    );
    return reply.code(204).header('set-cookie', cookie).send();
  });
  app.delete(url, async (request, reply) => {
    const { which } = parseInput(signOutQuery, request.query, 'invalid_query');
    const operator = await auth.findSession(request);
    const cookie = await auth.signOut(request, which);
    log.info(
      { event: 'operator_signed_out', operator: operator?.name, address: request.ip, which },
      'an operator signed out',
    );
    if (which === 'all') {
      await writeAction(deps, auth.operatorOf(request).name, {
        action: 'sign_all_out',
        status: 'signed_out',
      });
    }
    return reply.code(204).header('set-cookie', cookie).send();
  });
}
