import { z } from 'zod';
import type { LimiterAnswer, LimiterChange } from './limiter-command.ts';

/** What the script answers; instants in microseconds of Redis' clock. */
export interface LimiterReply {
  readonly nowUs: number;
  /** The newest slot number. */
  readonly seq: number;
  readonly changes: readonly LimiterChange[];
  readonly answer: LimiterAnswer;
}

const changeSchema = z
  .tuple([z.enum(['held', 'slow', 'paused', 'rate', 'resumed', 'restarted']), z.string()])
  .transform(([name, detail]): LimiterChange => ({ name, detail }));
// Made once each: to make a schema takes zod longer than to apply it, and a reply comes for every slot.
const integer = z.string().transform(Number).pipe(z.int());
const partsSchema = z.array(z.unknown());
const headSchema = z.tuple([integer, integer, z.array(changeSchema)]);
const answerSchema = z.union([
  z.tuple([z.literal('reported')]).transform((): LimiterAnswer => ({ kind: 'reported' })),
  z.tuple([z.literal('wait'), integer]).transform(([, dueUs]): LimiterAnswer => ({ kind: 'wait', dueUs })),
  z
    .tuple([z.literal('closed'), z.enum(['slow', 'held', 'paused']), z.string(), integer])
    .transform(([kind, status, reason, untilUs]): LimiterAnswer => ({ kind, status, reason, untilUs })),
  z
    .tuple([z.literal('reserved'), integer, z.enum(['0', '1'])], integer)
    .transform(([kind, seq, probe, ...atUs]): LimiterAnswer => ({ kind, seq, probe: probe === '1', atUs })),
]);

/** @throws ZodError or SyntaxError when the reply is not the script's */
export function parseLimiterReply(reply: unknown): LimiterReply {
  const parts = partsSchema.parse(JSON.parse(z.string().parse(reply)));
  const [nowUs, seq, changes] = headSchema.parse(parts.slice(0, 3));
  return { nowUs, seq, changes, answer: answerSchema.parse(parts.slice(3)) };
}
