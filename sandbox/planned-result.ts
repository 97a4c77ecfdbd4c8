import { z } from 'zod';

/** Faults that are over at once and leave no answer that can be read: a caller that asks again gets the next one. */
export const UNREADABLE_FAULTS = [
  'reset',
  'close',
  'half_body',
  'truncated_json',
  'garbage',
  'wrong_shape',
  'empty',
  'http_502',
  'http_503',
] as const;

/**
 * What can go wrong below the protocol, instead of or around a well-formed answer:
 *
 * | fault | what the caller sees |
 * | --- | --- |
 * | `reset` | the connection is reset before the first byte |
 * | `close` | the connection is closed before the first byte |
 * | `hang` | nothing, until the caller gives up |
 * | `half_body` | headers that promise the whole body, half of it, then a reset |
 * | `truncated_json` | a complete HTTP response whose JSON ends in the middle |
 * | `garbage` | 200 with bytes that are no JSON |
 * | `wrong_shape` | 200 with JSON that has no `Response` |
 * | `empty` | 200 without a body |
 * | `http_502` `http_503` | a proxy's HTML page |
 * | `slow_first_byte` | the answer, after `latencyMs` (30 s unless given) |
 * | `slow_body` | headers at once, then the body in pieces over `latencyMs` (30 s unless given) |
 * | `huge` | a well-formed answer of 64 MiB |
 */
export const FAULTS = [...UNREADABLE_FAULTS, 'hang', 'slow_first_byte', 'slow_body', 'huge'] as const;
export type Fault = (typeof FAULTS)[number];

/** Where a code stands in the answer: in `Response.Result`, as business results do, or in `Response.Error`. */
const CARRIERS = ['result', 'error'] as const;
export type Carrier = (typeof CARRIERS)[number];

const OMITTABLE = ['Result', 'Description', 'Sim', 'Extra', 'RequestId'] as const;

const MAX_LATENCY_MS = 600_000;

/** One planned answer. Everything left out takes the code's own default. */
export const PlannedResult = z.strictObject({
  code: z
    .string()
    .max(100)
    .regex(/^[A-Za-z]\w*(\.\w+)*$/, 'must be an error code such as FailedOperation.UnKnown')
    .default('Success'),
  carrier: z.enum(CARRIERS).optional(),
  description: z.string().max(1000).optional(),
  /** 0.00 to 100.00, or null as the field may be. */
  sim: z.number().min(0).max(100).nullable().optional(),
  /** Fields of `Response` to leave out. */
  omit: z.array(z.enum(OMITTABLE)).optional(),
  /** Replaces the sandbox's usual latency. */
  latencyMs: z.number().int().min(0).max(MAX_LATENCY_MS).optional(),
  fault: z.enum(FAULTS).optional(),
});
export type PlannedResult = z.output<typeof PlannedResult>;
