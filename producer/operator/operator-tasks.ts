import type { Logger } from '../../shared/log.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';

/** What an operator set going and does not wait for: thousands of events on their way again take their time. */
export interface OperatorTasks {
  /** @returns false when a task of this name is under way, which goes on */
  start(name: string, run: (signal: AbortSignal) => Promise<object>): boolean;
  /** Between two events; whatever is left can be asked for again. */
  stop(): Promise<void>;
}

export function createOperatorTasks(log: Logger): OperatorTasks {
  const running = new Map<string, Promise<void>>();
  const ending = new AbortController();
  const perform = async (task: string, run: (signal: AbortSignal) => Promise<object>) => {
    try {
      log.info({ event: 'operator_task_done', task, ...(await run(ending.signal)) }, 'done');
    } catch (error) {
      log.error({ event: 'operator_task_failed', task, reason: describeRedisError(error) }, 'cannot go on');
    }
  };
  return {
    start: (name, run) => {
      if (running.has(name) || ending.signal.aborted) return false;
      running.set(
        name,
        perform(name, run).finally(() => running.delete(name)),
      );
      return true;
    },
    stop: async () => {
      ending.abort();
      await Promise.all(running.values());
    },
  };
}
