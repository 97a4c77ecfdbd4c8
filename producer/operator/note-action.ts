import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { noteActivity } from '../../shared/store/operators/activity.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';

export interface OperatorAction {
  /** `pause_lane`, `redeliver` … */
  readonly action: string;
  /** What came of it. */
  readonly status: string;
  /** The id it was done to. */
  readonly target?: string;
  /** For the log alone: the same id by its kind, and what Activity does not keep. */
  readonly details?: object;
}

/** Writes down what an operator did: a line in the log, and one in Activity. */
export type NoteAction = (request: FastifyRequest, action: OperatorAction) => Promise<void>;

export interface NoteActionDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly log: Logger;
  readonly operatorOf: (request: FastifyRequest) => OperatorIdentity;
}

export function createNoteAction({ operatorOf, ...deps }: NoteActionDeps): NoteAction {
  return async (request, action) => writeAction(deps, operatorOf(request).name, action);
}

/** The action has been done: when Redis does not take the line, the log has it, and the answer is no failure. */
export async function writeAction(
  { redis, keys, log }: Omit<NoteActionDeps, 'operatorOf'>,
  operator: string,
  { action, status, target, details }: OperatorAction,
): Promise<void> {
  log.warn({ event: 'operator_action', operator, action, status, ...details }, 'an operator intervened');
  try {
    await noteActivity(redis, keys, { operator, action, target: target ?? null, result: status });
  } catch (error) {
    log.warn(
      { event: 'operator_activity_failed', operator, action, reason: describeRedisError(error) },
      'Activity lacks an action, which this log has',
    );
  }
}
