import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { EnvironmentError, type Mistake, parseEnvironment } from '../../shared/config/environment.ts';
import { SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY } from '../../shared/config/sandbox-credentials.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { startEnvironment } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** In place of what `npm start` makes itself: they only have to be well-formed. */
const MADE = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  TENCENTCLOUD_SECRET_ID: SANDBOX_SECRET_ID,
  TENCENTCLOUD_SECRET_KEY: SANDBOX_SECRET_KEY,
};
const SANDBOX = { FACEID_ENDPOINT: 'http://127.0.0.1:3001' };

/**
 * Checks what every process of `npm start` would, before any of them starts: one report names all mistakes.
 *
 * @throws EnvironmentError
 */
export function checkEnvironment(environment: Environment): void {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const isUpstreamGiven = Object.keys(set).some((name) =>
    /^(?:TENCENTCLOUD_SECRET_|FACEID_ENDPOINT|ACCOUNTS_FILE)/.test(name),
  );
  const complete = { ...MADE, ...(isUpstreamGiven ? {} : SANDBOX), ...set };
  const found = [
    ...listMistakes(() => parseEnvironment(startEnvironment, set)),
    ...listMistakes(() => parseEnvironment(producerEnvironment, complete)),
    // An account that is given in part has to be given as a whole.
    ...listMistakes(() =>
      parseEnvironment(workerEnvironment, isUpstreamGiven ? { ...complete, ...pickAccount(set) } : complete),
    ),
    ...(isUpstreamGiven ? [] : listMistakes(() => parseEnvironment(sandboxEnvironment, set))),
  ];
  // Several processes read the same variable, with bounds of their own: the first one speaks for all.
  const first = new Map<string, Mistake>();
  for (const mistake of found) if (!first.has(mistake.variable)) first.set(mistake.variable, mistake);
  if (first.size > 0) throw new EnvironmentError([...first.values()]);
}

const pickAccount = (set: Environment) => ({
  TENCENTCLOUD_SECRET_ID: set['TENCENTCLOUD_SECRET_ID'],
  TENCENTCLOUD_SECRET_KEY: set['TENCENTCLOUD_SECRET_KEY'],
});

function listMistakes(parse: () => unknown): readonly Mistake[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.mistakes;
    throw error;
  }
}
