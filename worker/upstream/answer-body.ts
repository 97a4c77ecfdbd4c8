import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';
import { within } from '../../shared/within.ts';
import { causeOf } from './network-error.ts';
import type { UpstreamPost } from './upstream-post.ts';

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

/** The whole body that follows a head, or why it could not be had: the connection is of no use then. */
export async function readAnswerBody(
  { bodyTimeoutMs }: Pick<AnswerBodyLimits, 'bodyTimeoutMs'>,
  post: Pick<UpstreamPost, 'bodyEnd' | 'body' | 'isAborted'>,
): Promise<Buffer | UnreadableBody> {
  // Most answers come whole, in one piece: no timer for these.
  const end = post.bodyEnd() ?? (await within(bodyTimeoutMs, post.body));
  if (end === 'expired') return { code: 'Veriqueue.AnswerStalled', cause: 'BODY_TIMEOUT' };
  switch (end.kind) {
    case 'whole':
      return end.bytes;
    case 'too_large':
      return { code: 'Veriqueue.AnswerTooLarge', cause: 'ANSWER_TOO_LARGE' };
    case 'error':
      return {
        code: post.isAborted() ? 'Veriqueue.Interrupted' : 'Veriqueue.TruncatedAnswer',
        cause: causeOf(end.error),
      };
    default:
      return end satisfies never;
  }
}
