import type { Redis } from 'ioredis';
import type { PatientWrites } from './patient-writes.ts';

/**
 * The same connection for scripts whose writes must not be lost: one that Redis refuses is repeated until it is taken. For
 * scripts that change nothing when they run once more; a claim, which must not be made minutes later, has the plain one.
 */
export function patientRedis(redis: Redis, writes: Pick<PatientWrites, 'untilTaken'>): Redis {
  // Scripts use no other commands (script.ts).
  const call = (command: string, args: (string | number | Buffer)[]) =>
    writes.untilTaken(() => redis.call(command, args));
  const callBuffer = (command: string, args: (string | number | Buffer)[]) =>
    writes.untilTaken(() => redis.callBuffer(command, args));
  return new Proxy(redis, {
    get: (target, name) => {
      if (name === 'call') return call;
      if (name === 'callBuffer') return callBuffer;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
