import type { Readable } from 'node:stream';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { within } from '../../shared/within.ts';
import { causeOf } from './network-error.ts';

export interface AnswerBodyLimits {
  /** From the answer's headers to its end. */
  readonly bodyTimeoutMs: number;
  readonly maxAnswerBytes: number;
}

export interface UnreadableBody {
  readonly code: OwnCode;
  /** For logs. */
  readonly cause: string;
}

/** The whole body, or why it could not be had; the connection is broken then. */
export async function readAnswerBody(
  { bodyTimeoutMs, maxAnswerBytes }: AnswerBodyLimits,
  body: Readable,
  interruption: AbortSignal,
): Promise<Buffer | UnreadableBody> {
  const bytes = collect(body, maxAnswerBytes).catch((error: unknown) => ({
    code: interruption.aborted ? ('Veriqueue.Interrupted' as const) : ('Veriqueue.TruncatedAnswer' as const),
    cause: causeOf(error),
  }));
  const read = await within(bodyTimeoutMs, bytes);
  if (read === 'expired') {
    body.destroy();
    return { code: 'Veriqueue.AnswerStalled', cause: 'BODY_TIMEOUT' };
  }
  return read ?? { code: 'Veriqueue.AnswerTooLarge', cause: 'ANSWER_TOO_LARGE' };
}

/** Null when there is more than `maxBytes`; leaving the loop destroys the stream and with it the connection. */
async function collect(stream: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
