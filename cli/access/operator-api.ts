import { z } from 'zod';
import { parseRetryAfter } from '../../shared/contract/retry-after.ts';
import { CommandFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDuration } from '../format-duration.ts';
import { causeOf } from './cause-of.ts';
import type { OperatorAccess } from './find-access.ts';

/** The operators' API of a producer. A producer's answers may have more fields than this version knows. */
export interface OperatorApi {
  /** Its address, for questions and reports. */
  readonly place: string;
  ask<T>(request: OperatorRequest, shape: z.ZodType<T>): Promise<T>;
}

export interface OperatorRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/console/api/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  /** What a 404 means, as an error message; without it, that the producer has no such route. */
  readonly absent?: string;
}

const TIMEOUT_MS = 30_000;
/** Line ends and the like would make `fetch` throw an error that holds the key. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const problem = z.object({
  code: z.string().regex(/^[a-z_]{1,64}$/),
  title: z.string(),
  detail: z.string().nullish(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** @throws {CommandFailure} when the key cannot be sent; it is not in the message */
export function openOperatorApi({ url, operatorKey }: OperatorAccess, signal: AbortSignal): OperatorApi {
  if (!HEADER_TEXT.test(operatorKey)) {
    throw new CommandFailure(
      "Cannot call the operators' API: the operator key must be printable ASCII on one line",
      EXIT.calledWrongly,
    );
  }
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const place = `${base.origin}${base.pathname.replace(/\/$/, '')}`;
  const ask: OperatorApi['ask'] = async (request, shape) => {
    const { method = 'GET', path, query = {}, body } = request;
    const address = new URL(`console/api/${path}`, base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) address.searchParams.set(name, String(value));
    }
    const response = await fetch(address, {
      method,
      headers: {
        authorization: `Bearer ${operatorKey}`,
        accept: 'application/json',
        'user-agent': 'veriqueue-cli',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The key is for this address alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).catch((error: unknown) => {
      throw signal.aborted ? error : unreachable(place, error);
    });
    const text = await response.text();
    if (!response.ok) throw refused(place, request, response, text);
    const parsed = shape.safeParse(text === '' ? {} : parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CommandFailure(
      `Cannot read the answer of ${place}: it must be one of Veriqueue's operators' API, of a version that knows ${path}`,
    );
  };
  return { place, ask };
}

function unreachable(place: string, error: unknown): CommandFailure {
  return new PassingFailure(
    `Cannot reach the operators' API at ${place}: received ${causeOf(error)}. It is on the address that serves /metrics (OPERATIONS_PORT), often behind a tunnel`,
  );
}

function refused(
  place: string,
  { path, absent }: OperatorRequest,
  response: Response,
  text: string,
): CommandFailure {
  const own = problem.safeParse(parseJson(text));
  const { status, headers } = response;
  if (status === 401)
    return new CommandFailure(
      `Cannot act at ${place}: the operator key is not one of its keys, or was revoked`,
    );
  if (status === 403)
    return new CommandFailure(
      `Cannot act at ${place}: this operator key may only look, not change. Use a key that may`,
    );
  if (status === 429) {
    const wait = parseRetryAfter(headers.get('retry-after'), Date.now());
    const when = wait === null ? 'later' : `in ${formatDuration(wait)}`;
    return new PassingFailure(
      `Cannot act at ${place}: it takes no more requests from here now. Try again ${when}`,
    );
  }
  if (status === 404) {
    const isAbsent = absent !== undefined && own.success;
    return new CommandFailure(
      isAbsent
        ? absent
        : `Cannot act at ${place}: it has no /console/api/${path}. OPERATOR_KEY must be set at the producer, the address must be the one that serves /metrics, and the version no older than this`,
    );
  }
  if (status >= 500)
    return new PassingFailure(
      `Cannot act at ${place}: it answered ${status} ${own.success ? own.data.code : ''}`.trim(),
    );
  if (!own.success)
    return new CommandFailure(`Cannot act at ${place}: it answered ${status}, and not as Veriqueue does`);
  return described(place, path, status, own.data);
}

function described(
  place: string,
  path: string,
  status: number,
  { code, title, detail, errors = [] }: z.infer<typeof problem>,
): CommandFailure {
  const rules = errors.map(({ pointer, detail: rule }) => `${pointer} ${rule}`.trim());
  const why = [detail ?? title, ...rules].join('; ');
  return new OperatorProblem(`Cannot act at ${place} (${path}): ${why}, received ${status} ${code}`, code);
}

/** What may be over in a moment: nothing answers, or not now. */
export class PassingFailure extends CommandFailure {}

/** A refusal in Veriqueue's own words; commands say what it means for them. */
export class OperatorProblem extends CommandFailure {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
