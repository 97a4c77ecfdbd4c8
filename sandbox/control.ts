import { z } from 'zod';
import type { PersonCalls } from './call-log.ts';
import { codeRow } from './codes.ts';
import type { PublicKeys } from './encryption-keys.ts';
import { isStranger, type Person, people } from './people.ts';
import { PlannedResult } from './planned-result.ts';
import type { SandboxStats } from './statistics.ts';
import type { WireRequest } from './wire-request.ts';

/** More results than any test plans; what is beyond it is a mistake. */
const MAX_RESULTS = 1000;

function fromBareCode(result: unknown): unknown {
  return typeof result === 'string' ? { code: result } : result;
}

/** The body of `POST /sandbox/script`; a bare code stands for `{code}`. */
const ScriptOrder = z.strictObject({
  idCard: z
    .string()
    .regex(/^(\*|\d{17}[\dX])$/, 'must be an 18-character ID number, or "*" for the whole account')
    .refine((idCard) => !isStranger(idCard), 'must be a test person: their numbers begin with 99'),
  results: z.array(z.preprocess(fromBareCode, PlannedResult)).max(MAX_RESULTS),
});

/** What the control interface acts on. */
export interface ControlTarget {
  readonly stats: () => SandboxStats;
  readonly publicKeys: () => PublicKeys;
  readonly calls: (idCard: string | undefined) => readonly PersonCalls[];
  readonly script: (idCard: string, results: readonly PlannedResult[]) => void;
  readonly reset: () => void;
}

export interface ControlReply {
  readonly status: number;
  readonly contentType: 'application/json' | 'application/problem+json';
  readonly body: unknown;
}

function ok(body: unknown): ControlReply {
  return { status: 200, contentType: 'application/json', body };
}

function problem(status: number, title: string, detail: string): ControlReply {
  return {
    status,
    contentType: 'application/problem+json',
    body: { type: 'about:blank', title, status, detail },
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function reasons(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
}

function orderScript(target: ControlTarget, body: Buffer): ControlReply {
  const order = ScriptOrder.safeParse(parseJson(body));
  if (!order.success) return problem(400, 'The script is not valid', reasons(order.error));
  target.script(order.data.idCard, order.data.results);
  return ok({ idCard: order.data.idCard, results: order.data.results.length });
}

/** A row of the people table as it is listed, with the place of each code spelled out. */
function listPerson({ idCard, name, purpose, results }: Person): unknown {
  return {
    idCard,
    name,
    purpose,
    results: results.map((result) => ({
      ...result,
      carrier: result.carrier ?? codeRow(result.code).carrier,
    })),
  };
}

type Handler = (target: ControlTarget, request: WireRequest) => ControlReply;

const routes: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['GET /sandbox/stats', (target) => ok(target.stats())],
  ['GET /sandbox/people', () => ok({ people: people.map(listPerson) })],
  ['GET /sandbox/encryption-keys', (target) => ok(target.publicKeys())],
  [
    'GET /sandbox/calls',
    (target, { query }) =>
      ok({ people: target.calls(new URLSearchParams(query).get('idCard') ?? undefined) }),
  ],
  ['POST /sandbox/script', (target, { body }) => orderScript(target, body)],
  [
    'POST /sandbox/reset',
    (target) => {
      target.reset();
      return ok({ reset: true });
    },
  ],
]);

/** The sandbox's own interface, for tests and demonstrations; nothing like it exists on the real service. */
export function control(target: ControlTarget, request: WireRequest): ControlReply {
  const handler = routes.get(`${request.method} ${request.path}`);
  if (handler !== undefined) return handler(target, request);
  const methods = ['GET', 'POST'].filter((method) => routes.has(`${method} ${request.path}`));
  if (methods.length === 0) return problem(404, 'Not found', `No such path: ${request.path}`);
  return problem(
    405,
    'Method not allowed',
    `${request.path} does not take ${request.method}: use ${methods.join(', ')}`,
  );
}
