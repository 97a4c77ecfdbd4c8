import type { IncomingMessage } from 'node:http';
import { ProblemError, retryAfter } from '../problem.ts';
import type { BodyBudget, BodyHold } from './body-budget.ts';

export interface BodyReading {
  /** Longest body; what is longer is refused, unread if it says its length. */
  readonly limitBytes: number;
  /** How long the client may send nothing. */
  readonly stallMs: number;
  readonly budget: BodyBudget;
  /** Whose bytes they are; see {@link BodyBudget.take}. */
  readonly holder: string;
  /** Called when the body is going to be read: a client that sent `Expect: 100-continue` waits for it. */
  readonly onAdmitted: () => void;
}

export interface ReceivedBody {
  readonly bytes: Buffer;
  /** To be released when the bytes are no longer needed. */
  readonly hold: BodyHold;
}

/** Where a body without a length begins; it doubles from there. */
const FIRST_BYTES = 64 * 1024;
const COME_BACK_SECONDS = 1;

/**
 * Receives the body of a request into one piece of memory, of which every byte is accounted for before it arrives.
 *
 * The pieces that arrive are copied and dropped: kept in a list, a client that sends single bytes would make each of them
 * hold some hundred bytes of objects.
 *
 * @throws {ProblemError} body_too_large, client_uploads_full, uploads_full, request_timeout, request_aborted,
 *   malformed_body
 */
export async function readBody(source: IncomingMessage, reading: BodyReading): Promise<ReceivedBody> {
  const announced = announcedLength(source);
  if (announced !== null && announced > reading.limitBytes) throw new ProblemError('body_too_large');
  const admission = reading.budget.take(
    reading.holder,
    announced ?? Math.min(FIRST_BYTES, reading.limitBytes),
  );
  if (!admission.admitted) throw refuseFull(admission.full);
  const { hold } = admission;
  try {
    reading.onAdmitted();
    return { bytes: await receive(source, announced, reading, hold), hold };
  } catch (error) {
    hold.release();
    throw error;
  }
}

/** @returns null for a chunked body */
function announcedLength({ headers }: IncomingMessage): number | null {
  const text = headers['content-length'];
  return headers['transfer-encoding'] === undefined && text !== undefined ? Number(text) : null;
}

function refuseFull(full: 'client' | 'process'): ProblemError {
  const headers = retryAfter(COME_BACK_SECONDS);
  return new ProblemError(full === 'client' ? 'client_uploads_full' : 'uploads_full', { headers });
}

function receive(
  source: IncomingMessage,
  announced: number | null,
  { limitBytes, stallMs }: BodyReading,
  hold: BodyHold,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Memory that nothing was written to yet costs an address only: the system gives it out page by page.
    let bytes = Buffer.allocUnsafeSlow(announced ?? Math.min(FIRST_BYTES, limitBytes));
    let length = 0;
    const end = (problem: ProblemError | null) => {
      clearTimeout(stall);
      source.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (problem) {
        // A stream that fails without a listener would end the process.
        source.on('error', () => undefined);
        reject(problem);
      } else resolve(bytes.subarray(0, length));
    };
    const stall = setTimeout(() => end(new ProblemError('request_timeout')), stallMs);
    const onData = (piece: Buffer) => {
      stall.refresh();
      const needed = length + piece.length;
      if (needed > limitBytes) return end(new ProblemError('body_too_large'));
      if (needed > bytes.length) {
        const capacity = Math.min(limitBytes, Math.max(needed, 2 * bytes.length));
        const full = hold.grow(capacity);
        if (full !== null) return end(refuseFull(full));
        const grown = Buffer.allocUnsafeSlow(capacity);
        bytes.copy(grown, 0, 0, length);
        bytes = grown;
      }
      piece.copy(bytes, length);
      length = needed;
    };
    const onEnd = () =>
      end(announced === null || announced === length ? null : new ProblemError('malformed_body'));
    // It went away before its last byte: its doing, not ours, and no client is left to read the answer.
    const onClose = () => end(new ProblemError('request_aborted'));
    source.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
