import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { priority } from '../../contract/verification.ts';
import type { LaneKeys } from '../keys.ts';
import { loadScript } from '../redis/script.ts';
import type { AtomicFlow } from './atomic-flow.ts';
import { deliveryFlow, verificationFlow } from './verification-flow.ts';

// A record is written together with its jobs, and a job ends after its record has been written to. What breaks that
// (a script cache that was flushed, a key that was deleted by hand, a bug of ours or of BullMQ's) leaves a verification
// that nothing works on. These scripts find such records, whatever the cause. A job has a place when it is in one of its
// queue's lists.
const unansweredScript = loadScript(new URL('../scripts/look-at-unanswered.lua', import.meta.url));
const undeliveredScript = loadScript(new URL('../scripts/look-at-undelivered.lua', import.meta.url));

const plainLook = z
  .tuple([z.enum(['queued', 'settled', 'missing', 'unreadable'])])
  .transform(([look]) => ({ look }) as const);

const withoutOutcome = z
  .tuple([z.enum(['without_jobs', 'without_job']), z.string().min(1), priority])
  .transform(([look, clientId, priority]) => ({ look, clientId, priority }) as const);

const withoutDelivery = z
  .tuple([z.literal('without_job'), z.string().min(1), z.string()])
  .transform(([look, clientId, jobId]) => ({ look, clientId, jobId }) as const);

const unreadable = { look: 'unreadable' } as const;
const unansweredLooks = jsonText(z.array(z.union([plainLook, withoutOutcome]).catch(unreadable)));
const undeliveredLooks = jsonText(z.array(z.union([plainLook, withoutDelivery]).catch(unreadable)));

/**
 * What is found about a verification without an outcome.
 *
 * - `settled`: it has an outcome or was cancelled
 * - `missing`: there is no record of it
 * - `without_jobs`: nothing works on it
 * - `without_job`: its delivery is past waiting for it, and looks for the outcome now and then
 */
export type UnansweredLook = z.infer<typeof unansweredLooks>[number];

/** What is found about one with an outcome. `settled`: its event is delivered, dead, or waits for its endpoint. */
export type UndeliveredLook = z.infer<typeof undeliveredLooks>[number];

export interface StrayLook {
  readonly redis: Redis;
  readonly keys: LaneKeys;
  /** Takes away what is left of a job that has no place, so that it can be added again. */
  readonly clear: boolean;
}

/** @returns one look per id, in their order */
export async function lookAtUnanswered(look: StrayLook, ids: readonly string[]): Promise<UnansweredLook[]> {
  return unansweredLooks.parse(await unansweredScript(look.redis, ...argumentsOf(look, ids)));
}

/** @returns one look per id, in their order */
export async function lookAtUndelivered(look: StrayLook, ids: readonly string[]): Promise<UndeliveredLook[]> {
  return undeliveredLooks.parse(await undeliveredScript(look.redis, ...argumentsOf(look, ids)));
}

function argumentsOf({ keys, clear }: StrayLook, ids: readonly string[]): [string[], string[]] {
  const prefixes = [keys.verificationQueue, keys.deliveryQueue].map((queue) => keys.jobKey(queue, ''));
  return [prefixes, [keys.record(''), clear ? '1' : '0', ...ids]];
}

/**
 * Adds the jobs of a verification without an outcome again, if they are missing. A worker that takes it reads its record
 * first, so one that was answered just now is not asked about again.
 *
 * @returns whether something was missing
 */
export async function requeueUnanswered(
  {
    redis,
    keys,
    flow,
  }: { readonly redis: Redis; readonly keys: LaneKeys; readonly flow: Pick<AtomicFlow, 'add'> },
  id: string,
): Promise<boolean> {
  const [found] = await lookAtUnanswered({ redis, keys, clear: true }, [id]);
  if (found?.look !== 'without_jobs' && found?.look !== 'without_job') return false;
  const { clientId, priority } = found;
  const whole = verificationFlow(keys, { id, clientId }, priority);
  const [verification] = whole.children ?? [];
  const added = found.look === 'without_jobs' ? whole : (verification ?? whole);
  await flow.add(added, () => undefined);
  return true;
}

/** The same for a delivery whose event is on its way by its record, and whose job is gone. */
export async function requeueUndelivered(
  {
    redis,
    keys,
    flow,
  }: { readonly redis: Redis; readonly keys: LaneKeys; readonly flow: Pick<AtomicFlow, 'add'> },
  id: string,
): Promise<boolean> {
  const [found] = await lookAtUndelivered({ redis, keys, clear: true }, [id]);
  if (found?.look !== 'without_job') return false;
  await flow.add(deliveryFlow(keys, found.jobId, { id, clientId: found.clientId }), () => undefined);
  return true;
}
