import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamCall } from './logs.ts';
import { computeAnswer, type PlannedAnswer } from './upstream-answers.ts';
import { type UpstreamOrder, upstreamOrder, upstreamSettings } from './upstream-orders.ts';

/*
 * The upstream of a storm, a process of its own so that it stamps arrivals when they come: it answers ImageRecognitionV2 by
 * a plan, spoils what it is ordered to spoil, and writes down every call that arrived to its last byte.
 */
type Call = { -readonly [Field in keyof UpstreamCall]: UpstreamCall[Field] };

const settings = upstreamSettings.parse(JSON.parse(process.argv[2] ?? ''));
const calls: Call[] = [];
const callsOf = new Map<string, number>();
let underWay = 0;
let spoiling: { fault: string; count: number; untilMs: number } | null = null;

/** The last two looks at the clock: what is stamped now came after the older one. */
const TICK_MS = 2;
let [tick, tickBefore] = [Date.now(), Date.now()];
setInterval(() => {
  tickBefore = tick;
  tick = Date.now();
}, TICK_MS);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  // A caller that has gone away learns nothing more.
  response.on('error', () => undefined);
  serve(request, response).catch(() => response.destroy());
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const [, idCard = ''] = /"IdCard":"([0-9X]+)"/.exec(body.subarray(-400).toString('latin1')) ?? [];
  const nth = (callsOf.get(idCard) ?? 0) + 1;
  callsOf.set(idCard, nth);
  const fault = takeFault();
  const answer = computeAnswer(settings.seed, idCard, fault, { nth, callTimeoutMs: settings.callTimeoutMs });
  const call: Call = {
    idCard,
    at: Date.now(),
    earliestAt: tickBefore,
    code: null,
    charged: answer.charged,
    answeredAt: null,
    abandonedAt: null,
    fault,
  };
  calls.push(call);
  underWay += 1;
  let isOver = false;
  response.once('close', () => {
    underWay -= 1;
    if (isOver) return;
    if (server.listening) call.abandonedAt = Date.now();
    else call.fault ??= 'upstream_down';
  });
  await sleep(answer.latencyMs);
  isOver = true;
  if (response.destroyed) return;
  await deliver(response, answer, call);
}

async function deliver(response: ServerResponse, answer: PlannedAnswer, call: Call): Promise<void> {
  const text = render(answer.code);
  switch (answer.delivery) {
    case 'drop':
      response.destroy();
      return;
    case 'half':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.write(text.slice(0, 30), () => response.destroy());
      return;
    case 'garbage':
      response.writeHead(200).end('<html>it works</html>');
      return;
    case 'http_500':
      response.writeHead(500).end();
      return;
    case 'whole':
      call.code = answer.code;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.end(text, () => {
        call.answeredAt = Date.now();
      });
      return;
    default:
      answer.delivery satisfies never;
  }
}

let requests = 0;

function render(code: string): string {
  requests += 1;
  const RequestId = `00000000-0000-4000-8000-${String(requests).padStart(12, '0')}`;
  const isError = code.startsWith('RequestLimitExceeded');
  const Response = isError
    ? { Error: { Code: code, Message: 'too many' }, RequestId }
    : { Result: code, Description: 'planned', Sim: code === 'Success' ? 88.8 : 0, RequestId };
  return JSON.stringify({ Response });
}

function takeFault(): string | null {
  if (spoiling === null || spoiling.count === 0 || Date.now() > spoiling.untilMs) return null;
  spoiling.count -= 1;
  return spoiling.fault;
}

function listen(): void {
  server.listen(settings.port, '127.0.0.1', 4096, () => {
    process.send?.({ ready: true, url: `http://127.0.0.1:${settings.port}` });
  });
}

function obey(order: UpstreamOrder): void {
  switch (order.order) {
    case 'spoil':
      spoiling = { fault: order.fault, count: order.count, untilMs: order.untilMs };
      return;
    case 'down':
      server.close();
      server.closeAllConnections();
      return;
    case 'up':
      spoiling = null;
      if (!server.listening) listen();
      return;
    case 'log':
      process.send?.({ calls });
      return;
    default:
      order satisfies never;
  }
}

process.on('message', (message) => obey(upstreamOrder.parse(message)));
const NEWS_EVERY_MS = 25;
let reportedUnderWay = 0;
setInterval(() => {
  if (underWay === reportedUnderWay) return;
  reportedUnderWay = underWay;
  process.send?.({ underWay });
}, NEWS_EVERY_MS);

process.once('disconnect', () => process.exit(0));
// A Ctrl-C reaches the whole group; this one ends with its parent, which still wants its log.
process.on('SIGINT', () => undefined);
listen();
