import { z } from 'zod';
import type { LaneAnswer, LaneChange } from './lane-call.ts';

/** What the script answers; instants in microseconds of Redis' clock. */
export interface LaneReply {
  readonly nowUs: number;
  /** The newest slot number. */
  readonly seq: number;
  readonly changes: readonly LaneChange[];
  readonly answer: LaneAnswer;
}

const changeSchema = z
  .tuple([z.enum(['held', 'slow', 'paused', 'rate', 'resumed', 'restarted']), z.string()])
  .transform(([name, detail]): LaneChange => ({ name, detail }));
// Made once each: to make a schema takes zod longer than to apply it, and a reply comes for every slot.
const partsSchema = z.array(z.unknown());
const headSchema = z.tuple([z.number(), z.number(), z.array(changeSchema)]);
const answerSchema = z.union([
  z.tuple([z.literal('told')]).transform((): LaneAnswer => ({ kind: 'told' })),
  z.tuple([z.literal('wait'), z.number()]).transform(([, dueUs]): LaneAnswer => ({ kind: 'wait', dueUs })),
  z
    .tuple([z.literal('held'), z.enum(['slow', 'held', 'paused']), z.string(), z.number()])
    .transform(([kind, status, reason, untilUs]): LaneAnswer => ({ kind, status, reason, untilUs })),
  z
    .tuple([z.literal('granted'), z.number(), z.union([z.literal(0), z.literal(1)])], z.number())
    .transform(([kind, seq, probe, ...atUs]): LaneAnswer => ({ kind, seq, probe: probe === 1, atUs })),
]);

/** @throws ZodError when the reply is not the script's */
export function parseLaneReply(reply: unknown): LaneReply {
  const parts = partsSchema.parse(reply);
  const [nowUs, seq, changes] = headSchema.parse(parts.slice(0, 3));
  return { nowUs, seq, changes, answer: answerSchema.parse(parts.slice(3)) };
}
