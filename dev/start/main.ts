import { EnvironmentError, parseEnvironment } from '../../shared/config/environment.ts';
import { createLog } from '../../shared/log.ts';
import { checkEnvironment } from './check-environment.ts';
import { describeKeys } from './describe-keys.ts';
import { describeTrial } from './describe-trial.ts';
import { startEnvironment } from './settings.ts';
import { type Stack, startStack } from './stack.ts';

/** `npm start`: everything in one process group, for development and first looks. */
async function main(): Promise<number> {
  checkEnvironment(process.env);
  const settings = parseEnvironment(startEnvironment, process.env);
  const stopAsked = untilAskedToStop();
  const stack = await startStack({
    settings,
    environment: process.env,
    output: 'inherit',
    say,
    log: await createLog({
      part: 'start',
      level: settings.LOG_LEVEL,
      format: settings.LOG_FORMAT,
      isTerminal: process.stdout.isTTY === true,
    }),
    interrupted: stopAsked,
  });
  if (stack === null) return 0;
  introduce(stack, settings.VERIQUEUE_PRINT_KEYS || process.stdout.isTTY === true);
  const ended = await Promise.race([
    stopAsked.then(() => ({ by: 'signal' as const, how: '' })),
    stack.broken.then((how) => ({ by: 'failure' as const, how })),
  ]);
  if (ended.by === 'failure') process.stderr.write(`${ended.how}; stopping the rest\n`);
  await stack.stop();
  return ended.by === 'signal' ? 0 : 1;
}

/** Further signals are caught too: a process that they end leaves its parts behind. Each part has a deadline of its own. */
function untilAskedToStop(): Promise<void> {
  let asked = 0;
  return new Promise((resolve) => {
    const onSignal = () => {
      asked += 1;
      say(asked === 1 ? 'Stopping …' : 'Already stopping: wait until every part has ended');
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function introduce(stack: Stack, printsKeys: boolean): void {
  say('');
  say(`Veriqueue is listening at ${stack.url}   (docs: ${stack.url}/docs)`);
  say(stack.sandboxUrl ? `Upstream: the sandbox at ${stack.sandboxUrl}` : 'Upstream: Tencent Cloud FaceID');
  say(
    stack.privateRedis
      ? `Redis: a private one, data in ${stack.privateRedis}`
      : 'Redis: the one of REDIS_URL',
  );
  say('');
  for (const line of describeKeys(stack, printsKeys)) say(line);
  say('');
  for (const line of describeTrial(stack, printsKeys)) say(line);
  say('');
  say(`Console: ${stack.consoleUrl}`);
  say('Stop with Ctrl-C.');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text = error instanceof EnvironmentError || error instanceof Error ? error.message : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  },
);
