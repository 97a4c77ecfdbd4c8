import { Command } from 'commander';
import { pino } from 'pino';
import { laneSettings, retrySettings } from '../../shared/config/settings.ts';
import { startEnvironment } from '../start/settings.ts';
import { type Stack, startStack } from '../start/stack.ts';
import { chooseCases } from './cases.ts';
import { type ChoosePhoto, loadPhotos } from './photos.ts';
import { readQuotaUse } from './quota-use.ts';
import { renderQuotaUse, renderVerdicts } from './report.ts';
import { runCases } from './run.ts';
import { makeTempdir, type Tempdir, withoutSettings } from './tempdir.ts';

const QUOTA = laneSettings.QUOTA_PER_SECOND.parse(undefined);
const RETRIES = retrySettings.RETRIES.parse(undefined);

/** Retries wait a little less than usual, so that a demonstration is short. */
const SETTINGS = { RETRY_BASE: '300ms', LOG_LEVEL: 'info' };

const INTERRUPTED = 130;

class Interruption extends Error {
  override readonly name = 'Interruption';
}

async function main(): Promise<number> {
  const options = new Command()
    .name('npm run demo --')
    .description(
      'Starts everything, verifies test people through the whole chain, and shows what came of it.',
    )
    .option('--photo <file>', 'a JPEG or PNG of your own instead of the samples')
    .parse()
    .opts<{ photo?: string }>();
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Each time: a second signal would end this process alone, and leave its parts behind.
    process.on(signal, () => interruption.abort(new Interruption('interrupted')));
  }
  const choosePhoto = await loadPhotos(options.photo);
  const tempdir = await makeTempdir();
  const code = await demonstrate(tempdir, choosePhoto, interruption.signal).catch((error: unknown) => {
    if (error instanceof Interruption) return INTERRUPTED;
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  });
  if (code === 1) complain(`The log of the processes is kept in ${tempdir.logPath}`);
  else await tempdir.remove();
  return code;
}

/** @throws Interruption, or Error saying what went wrong */
async function demonstrate(tempdir: Tempdir, choosePhoto: ChoosePhoto, signal: AbortSignal): Promise<number> {
  say('Starting Redis, the sandbox, a worker and the producer …');
  const stack = await start(tempdir, signal);
  try {
    return await show(stack, choosePhoto, signal);
  } finally {
    say('Stopping everything …');
    await stack.stop();
  }
}

async function start({ dataDir, output }: Tempdir, signal: AbortSignal): Promise<Stack> {
  const stack = await startStack({
    settings: startEnvironment.parse({ PORT: '0', SANDBOX_PORT: '0', VERIQUEUE_DATA_DIR: dataDir }),
    environment: { ...withoutSettings(process.env), ...SETTINGS },
    output,
    say,
    log: pino({ base: { part: 'demo' } }, pino.destination({ fd: output, sync: true })),
    interrupted: new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  });
  signal.throwIfAborted();
  if (stack === null) throw new Interruption('interrupted');
  return stack;
}

async function show(stack: Stack, choosePhoto: ChoosePhoto, signal: AbortSignal): Promise<number> {
  const cases = chooseCases(RETRIES);
  say(`Submitting ${cases.length} verifications to ${stack.url} and waiting for their webhooks …`);
  const broken = stack.broken.then((how) => {
    signal.throwIfAborted();
    throw new Error(how);
  });
  const running = runCases({ stack, cases, choosePhoto, terminal: process.stdout, signal });
  const { entries, events, faults } = await Promise.race([running, broken]);
  say('');
  say(renderVerdicts(entries, events, { isColored: process.stdout.isTTY === true }));
  if (stack.sandboxUrl !== null) {
    const attempts = [...events.values()].flatMap(({ event }) => event.data.attempts);
    const use = await readQuotaUse(stack.sandboxUrl, {
      quota: QUOTA,
      sentAt: attempts.map(({ at }) => Date.parse(at)),
      submittedAt: Math.max(...entries.map((entry) => entry.submittedAt)),
    });
    say(renderQuotaUse(use));
  }
  if (faults.length === 0) {
    say(`All ${entries.length} verdicts are as expected, each signed, each delivered under one webhook-id.`);
    return 0;
  }
  complain(`${faults.length} of ${cases.length} did not come out right:`);
  for (const fault of faults) complain(`  ${fault}`);
  return 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    complain(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
