import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { judgeSignature, type SignedRequest } from './sigv4-check.ts';

/** What a request came to. */
export interface S3Entry {
  readonly method: string;
  /** `bucket/name` */
  readonly object: string;
  readonly status: number;
  /** S3's code of an error; the fault it was made to have. */
  readonly code: string | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * How a request goes wrong. `status`: it is answered so, and nothing happens. `reset`: the connection ends, and nothing
 * happens. `hang`: no answer comes. `lost`: it is done, and then the connection ends. `cut`: half of the object arrives.
 */
export type S3Fault =
  | { readonly how: 'status'; readonly status: number; readonly code: string }
  | { readonly how: 'reset' | 'hang' | 'lost' | 'cut' };

export interface S3StandIn {
  readonly url: string;
  readonly bucket: string;
  /** By `bucket/name`. */
  readonly objects: Map<string, Buffer>;
  readonly log: readonly S3Entry[];
  /** Settings of a process that keeps its photos here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Lets requests of a method go wrong: so many, or until `recover`. */
  fail(method: string, fault: S3Fault, times?: number): void;
  recover(): void;
  /** Takes no connection any more, and ends those it has. */
  goAway(): Promise<void>;
  /** Listens again, at the same port. */
  comeBack(): Promise<void>;
  /** The names of photos: without the object that processes look for. */
  photos(): string[];
  /** Resolves when as many photos are here. */
  holds(count: number): Promise<void>;
  stop(): Promise<void>;
}

const ACCESS_KEY = 'stand-in-access-key';
const SECRET_KEY = 'stand-in-secret-key';
const REGION = 'eu-test-1';
const BUCKET = 'photos';

/**
 * An S3 of this process, as far as this program uses one. It checks each signature by its own reading of AWS Signature
 * Version 4, also of presigned addresses, and that the body is the one that was signed.
 */
export async function startS3StandIn(): Promise<S3StandIn> {
  const objects = new Map<string, Buffer>();
  const log: S3Entry[] = [];
  const faults: { method: string; fault: S3Fault; left: number }[] = [];
  const takeFault = (method: string): S3Fault | null => {
    const planned = faults.find((each) => each.method === method && each.left > 0);
    if (planned === undefined) return null;
    planned.left -= 1;
    return planned.fault;
  };
  const server = createServer((request, response) => {
    answer({ objects, log, takeFault }, request, response).catch((error: unknown) => {
      // Its sender ended the connection.
      if (!request.destroyed) throw error;
    });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const photos = () => [...objects.keys()].filter((name) => !name.endsWith('/check')).sort();
  return {
    url,
    bucket: BUCKET,
    objects,
    log,
    environment: {
      PHOTO_STORE: `s3://${BUCKET}/faces`,
      PHOTO_STORE_ENDPOINT: url,
      PHOTO_STORE_REGION: REGION,
      PHOTO_STORE_PATH_STYLE: 'true',
      PHOTO_STORE_ACCESS_KEY_ID: ACCESS_KEY,
      PHOTO_STORE_SECRET_ACCESS_KEY: SECRET_KEY,
    },
    fail: (method, fault, times = Number.POSITIVE_INFINITY) => {
      faults.push({ method, fault, left: times });
    },
    recover: () => {
      faults.length = 0;
    },
    goAway: close,
    comeBack: () => listen(port),
    photos,
    holds: (count) =>
      vi.waitFor(
        () => {
          if (photos().length !== count) throw new Error(`${photos().length} photos, not ${count}`);
        },
        { interval: 20, timeout: 60_000 },
      ),
    stop: async () => {
      if (server.listening) await close();
    },
  };
}

interface Store {
  readonly objects: Map<string, Buffer>;
  readonly log: S3Entry[];
  takeFault(method: string): S3Fault | null;
}

async function answer(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', headers } = request;
  const body = await readBody(request);
  const target = new URL(request.url ?? '/', 'http://host');
  const object = decodeURIComponent(target.pathname.slice(1));
  const end = (status: number, code: string | null, content: Buffer | string = '') => {
    store.log.push({ method, object, status, code, headers });
    response.writeHead(status, { 'content-length': Buffer.byteLength(content) }).end(content);
  };
  const refuse = (status: number, code: string) =>
    end(status, code, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  const signed: SignedRequest = { method, url: request.url ?? '', headers, body };
  const mistake = judgeSignature(signed, { [ACCESS_KEY]: SECRET_KEY }, REGION, Date.now());
  if (mistake !== null) return refuse(403, mistake);
  const fault = store.takeFault(method);
  if (fault !== null) store.log.push({ method, object, status: 0, code: fault.how, headers });
  if (fault?.how === 'status') return refuse(fault.status, fault.code);
  if (fault?.how === 'hang') return;
  if (fault?.how === 'reset') return void request.socket.destroy();
  if (!object.startsWith(`${BUCKET}/`)) return refuse(404, 'NoSuchBucket');
  const found = store.objects.get(object);
  if (method === 'PUT') store.objects.set(object, body);
  if (method === 'DELETE') store.objects.delete(object);
  if (fault?.how === 'lost') return void request.socket.destroy();
  if (method === 'PUT') return end(200, null);
  if (method === 'DELETE') return end(204, null);
  if (method !== 'GET') return refuse(405, 'MethodNotAllowed');
  if (found === undefined) return refuse(404, 'NoSuchKey');
  if (fault?.how !== 'cut') return end(200, null, found);
  response.writeHead(200, { 'content-length': found.length });
  response.write(found.subarray(0, found.length / 2), () => request.socket.destroy());
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
