import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { Place } from '../privacy/leak-search.ts';

type Values = Readonly<Record<string, string | number>>;

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace, and for one whose parent came from outside with the caller's id. */
  readonly parentSpanId: string;
  readonly name: string;
  /** OTLP's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Values;
  readonly failed: boolean;
  readonly resource: Values;
}

/** An OTLP receiver on loopback. */
export interface TraceCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** Everything that was exported, as it came. */
  readonly bodies: readonly Place[];
  readonly contentTypes: ReadonlySet<string>;
  /** From what came as JSON. */
  readonly spans: readonly CollectedSpan[];
  /** Resolves once so many exports came. */
  exported(count: number): Promise<void>;
  close(): Promise<void>;
}

const keyValues = z
  .array(
    z.object({
      key: z.string(),
      value: z
        .object({ stringValue: z.string(), intValue: z.coerce.number(), doubleValue: z.number() })
        .partial(),
    }),
  )
  .default([])
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue ?? '']),
    ),
  );

const otlpSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  kind: z.number(),
  attributes: keyValues,
  status: z.object({ code: z.number().default(0) }),
});

const otlpTraces = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: keyValues }),
      scopeSpans: z.array(z.object({ spans: z.array(otlpSpan) })),
    }),
  ),
});

/** @param answer HTTP status for every export; null leaves them without an answer */
export async function startTraceCollector(answer: number | null = 200): Promise<TraceCollector> {
  const bodies: Place[] = [];
  const contentTypes = new Set<string>();
  const spans: CollectedSpan[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const type = String(request.headers['content-type']);
    bodies.push({ name: `export to ${request.url}`, bytes: body });
    contentTypes.add(type);
    if (type === 'application/json') spans.push(...readSpans(body));
    news.emit('export');
    if (answer !== null) response.writeHead(answer, { 'content-type': type }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    contentTypes,
    spans,
    exported: async (count) => {
      const deadline = AbortSignal.timeout(25_000);
      while (bodies.length < count) await once(news, 'export', { signal: deadline });
    },
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function readSpans(body: Buffer): readonly CollectedSpan[] {
  return otlpTraces
    .parse(JSON.parse(body.toString('utf8')))
    .resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap((scope) =>
        scope.spans.map(({ status, ...span }) => ({
          ...span,
          failed: status.code === 2,
          resource: resource.attributes,
        })),
      ),
    );
}
