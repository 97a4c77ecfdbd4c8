import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer/producer-under-test.ts';
import { type RecordedLog, recordLog } from '../support/recorded-log.ts';

export const OPERATOR_KEY = 'vqo_test-operator-key-of-32-characters';

/** A producer with a console, and the calls of an operator. */
export interface ConsoleUnderTest extends ProducerUnderTest {
  readonly log: RecordedLog;
  /** With the operator key, as a script does. */
  operator(path: string, init?: RequestInit): Promise<Response>;
  /** The answer's body. @throws {Error} when it is not 200 */
  read<T>(path: string): Promise<T>;
  post(path: string, body?: object): Promise<Response>;
}

export async function startConsoleUnderTest(
  redisUrl: string,
  { environment = {}, now = Date.now }: { environment?: Record<string, string>; now?: () => number } = {},
): Promise<ConsoleUnderTest> {
  const log = recordLog();
  const producer = await startProducerUnderTest(redisUrl, {
    environment: { OPERATOR_KEY, ...environment },
    log: log.logger,
    now,
  });
  const operator: ConsoleUnderTest['operator'] = (path, init = {}) =>
    fetch(`${producer.operationsUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${OPERATOR_KEY}`, ...init.headers },
    });
  return {
    ...producer,
    log,
    operator,
    read: async <T>(path: string) => {
      const answer = await operator(path);
      if (!answer.ok) throw new Error(`Cannot read ${path}: received ${answer.status}`);
      return (await answer.json()) as T;
    },
    post: (path, body) =>
      operator(path, {
        method: 'POST',
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
  };
}

export interface EventReader {
  /** The next event of this name, past heartbeats and others. */
  next(name: string): Promise<string>;
  /** Resolves when the server has ended the answer. */
  readonly ended: Promise<void>;
  /** Stops reading, as a stalled browser does, and goes on. */
  stall(): void;
  resume(): void;
  close(): void;
}

/** Follows the server's events: with the operator key, or as a browser does, with a cookie. */
export async function readEvents(
  url: string,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${OPERATOR_KEY}` },
): Promise<EventReader> {
  const request = get(`${url}/console/events`, { headers });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`Cannot follow the events: received ${answer.statusCode}`);
  answer.setEncoding('utf8');
  const events: { name: string; data: string }[] = [];
  let rest = '';
  answer.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      if (name !== undefined) events.push({ name, data });
    }
    answer.emit('news');
  });
  const ended = new Promise<void>((resolve) => answer.once('close', () => resolve()));
  answer.on('error', () => undefined);
  return {
    next: async (name) => {
      const deadline = AbortSignal.timeout(20_000);
      for (;;) {
        const at = events.findIndex((event) => event.name === name);
        const [found] = at === -1 ? [] : events.splice(0, at + 1).slice(-1);
        if (found) return found.data;
        await once(answer, 'news', { signal: deadline });
      }
    },
    ended,
    stall: () => answer.pause(),
    resume: () => answer.resume(),
    close: () => request.destroy(),
  };
}
