import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ConsoleChanges, VerificationChange } from '../shared/contract/console-changes.ts';
import { classifyRedisError } from '../shared/store/redis/failure.ts';
import { PassingFailure } from './access/operator-api.ts';
import type { CliContext } from './context.ts';
import type { Operations } from './operations/operations.ts';
import { withOperations } from './operations/with-operations.ts';
import { formatTime, printable } from './terminal.ts';

interface TailOptions {
  readonly client?: string;
  readonly reference?: string;
  readonly deliveries?: true;
}

const help = `
Ends with Ctrl-C, and exit code 0. What happens between two looks, a second apart, is one line: the last state.
The processes' own logs are where they run: journalctl -fu 'veriqueue-*', docker compose logs -f, kubectl logs -f.`;

/** `veriqueue tail`: what happens to verifications and their events, and to the lane, as it happens. */
export function addTailCommand(program: Command, context: CliContext): void {
  program
    .command('tail')
    .description(
      'follow the verifications of all clients: a line for each change of state, outcome and delivery',
    )
    .option('--client <client>', 'of one client only')
    .option('--reference <text>', 'with exactly this reference only')
    .option('--deliveries', 'events and their deliveries only')
    .addHelpText('after', help)
    .action((options: TailOptions) => tail(context, options));
}

const EVERY_MS = 1_000;
/** Beyond, the oldest are forgotten: the worst that follows is a line that says what an earlier one did. */
const REMEMBERED = 10_000;

async function tail(context: CliContext, options: TailOptions): Promise<void> {
  const { terminal, interrupted } = context;
  await withOperations(context, async (operations) => {
    // What is wrong from the beginning is an error; what breaks later is a line.
    const first = await operations.readChanges(null);
    terminal.remark(`Following lane ${first.lane.lane}${operations.at}; stop with Ctrl-C.`);
    const show = showChanges(context, options);
    show(first);
    let { nextCursor: cursor, isMore } = first;
    while (!interrupted.aborted) {
      if (!isMore) await pause(interrupted);
      const look = await lookAgain(operations, cursor, interrupted);
      isMore = false;
      if (look === null) continue;
      show(look);
      if (look.status === 'unreachable') continue;
      cursor = look.nextCursor;
      isMore = look.isMore;
    }
  });
}

interface Unreachable {
  readonly status: 'unreachable';
  readonly reason: string;
}

type Look = (ConsoleChanges & { readonly status?: never }) | Unreachable;

/** Null when the user has had enough. */
async function lookAgain(
  operations: Operations,
  cursor: string,
  interrupted: AbortSignal,
): Promise<Look | null> {
  if (interrupted.aborted) return null;
  try {
    return await operations.readChanges(cursor);
  } catch (error) {
    if (interrupted.aborted) return null;
    const isPassing = error instanceof PassingFailure || classifyRedisError(error) !== undefined;
    if (!isPassing || !(error instanceof Error)) throw error;
    return { status: 'unreachable', reason: error.message };
  }
}

async function pause(interrupted: AbortSignal): Promise<void> {
  await delay(EVERY_MS, undefined, { signal: interrupted }).catch((error: unknown) => {
    if (!interrupted.aborted) throw error;
  });
}

/** Shows what differs from what was shown before. */
function showChanges({ terminal, now }: CliContext, options: TailOptions): (look: Look) => void {
  const shown = new Map<string, string>();
  const showNew = (key: string, value: object, text: string) => {
    if (shown.get(key) === text) return;
    shown.delete(key);
    shown.set(key, text);
    const [oldest] = shown.keys();
    if (shown.size > REMEMBERED && oldest !== undefined) shown.delete(oldest);
    terminal.show({ at: new Date(now()).toISOString(), ...value }, `${formatTime(now())}  ${text}`);
  };
  return (look) => {
    if (look.status === 'unreachable') {
      showNew('connection', { unreachable: look.reason }, printable(look.reason));
      return;
    }
    shown.delete('connection');
    const { lane, data, isMissed } = look;
    showNew('lane', { lane }, describeLane(lane));
    if (isMissed) {
      shown.delete('missed');
      showNew('missed', { missed: true }, 'some changes were forgotten before they could be read');
    }
    for (const change of data) {
      if (isWanted(change, options)) showNew(change.id, { verification: change }, describeChange(change));
    }
  };
}

function isWanted(change: VerificationChange, { client, reference, deliveries }: TailOptions): boolean {
  if (client !== undefined && change.clientId !== client) return false;
  if (reference !== undefined && change.reference !== reference) return false;
  return deliveries !== true || change.verdict !== null;
}

function describeLane({ lane, status, reason }: ConsoleChanges['lane']): string {
  return `lane ${lane} is ${status}${reason === null ? '' : `: ${printable(reason)}`}`;
}

function describeChange(change: VerificationChange): string {
  const { id, clientId, reference, verdict, code } = change;
  const words = [
    id,
    clientId,
    change.status,
    verdict === null ? (code ?? '') : `${verdict} (${code})`,
    verdict === null ? '' : describeDelivery(change),
    reference === null ? '' : `reference ${reference}`,
  ];
  return words
    .filter((word) => word !== '')
    .map(printable)
    .join('  ');
}

/** `event retrying after 3 attempts (503)`. */
function describeDelivery({ delivery, deliveryAttempts, deliveryResult }: VerificationChange): string {
  const attempts = `${deliveryAttempts} ${deliveryAttempts === 1 ? 'attempt' : 'attempts'}`;
  const result = deliveryResult === null ? '' : ` (${deliveryResult})`;
  return deliveryAttempts === 0 ? `event ${delivery}` : `event ${delivery} after ${attempts}${result}`;
}
