import type { IncomingMessage } from 'node:http';

export type BodyRead =
  | { readonly kind: 'complete'; readonly body: Buffer; readonly arrivedAt: number }
  | { readonly kind: 'too_large'; readonly arrivedAt: number }
  | { readonly kind: 'aborted' };

/** A client that keeps sending past this many times the limit is cut off instead of being read to the end. */
const PATIENCE = 4;

/**
 * Reads a request to its end. What exceeds `limitBytes` is read and thrown away, because a server that answers before
 * it has read the request makes most clients see a broken connection instead of the answer.
 */
export function readBody(request: IncomingMessage, limitBytes: number, now: () => number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (received > limitBytes * PATIENCE) request.destroy();
    });
    request.on('end', () => {
      const arrivedAt = now();
      if (received > limitBytes) resolve({ kind: 'too_large', arrivedAt });
      else resolve({ kind: 'complete', body: Buffer.concat(chunks), arrivedAt });
    });
    request.on('error', () => resolve({ kind: 'aborted' }));
    request.on('close', () => resolve({ kind: 'aborted' }));
  });
}
