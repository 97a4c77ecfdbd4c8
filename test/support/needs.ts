/** Something that tests need and `npm ci` does not bring. No test installs one. */
export interface Need {
  readonly name: string;
  /** How a user gets it. */
  readonly get: string;
}

interface Needs {
  /** What the test file looked for and did not find. */
  readonly missing: Need[];
  needsRedis: boolean;
}

// The runner and the test file are loaded apart and share no module, only the process, which serves one test file.
const KEY = Symbol.for('veriqueue.tests.needs');
const holder = globalThis as typeof globalThis & { [KEY]?: Needs };

/** What the current test file needs. */
export function needsOfFile(): Needs {
  holder[KEY] ??= { missing: [], needsRedis: false };
  return holder[KEY];
}

/** For what is no program, such as a right: notes the need where it is not met. */
export function findAbility(isPresent: boolean, need: Need): boolean {
  if (!isPresent) needsOfFile().missing.push(need);
  return isPresent;
}

export const redisNeed: Need = {
  name: 'redis-server',
  get: 'apt-get install redis-server, brew install redis, dnf install valkey, apk add valkey, or VERIQUEUE_INSTALL_REDIS=yes npm test',
};
