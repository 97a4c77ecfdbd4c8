import type { Command } from 'commander';
import { ApiError, type Veriqueue, VeriqueueError } from '../client/veriqueue.ts';
import type { LaneOverview } from '../shared/contract/lane.ts';
import { pause } from '../shared/pause.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import type { CliContext } from './context.ts';
import { describeLane, summarizeLane } from './present-lane.ts';
import { formatTime, type LiveText, printable, type Terminal } from './terminal.ts';

/** `veriqueue watch`: the lane as it is now, until Ctrl-C. */
export function addWatchCommand(program: Command, context: CliContext): void {
  const command = program
    .command('watch')
    .description(
      'follow the lane: status, quota in use, backlog, wait; one line per change when not on a terminal',
    )
    .addHelpText('after', '\nEnds with Ctrl-C, and exit code 0.')
    .action((options: ApiOptions) => watch(context, options));
  addApiOptions(command);
}

const EVERY_MS = 1_000;

/** What one look at the lane found. */
type Look =
  | { readonly status: 'seen'; readonly lane: LaneOverview }
  | { readonly status: 'unreachable'; readonly reason: string };

async function watch(context: CliContext, options: ApiOptions): Promise<void> {
  const { terminal, interrupted, now } = context;
  const api = openApi(await context.findApi(options), { maxRetries: 0, timeoutMs: 10_000 });
  const show = chooseShow(terminal, terminal.live());
  // What is wrong from the beginning is an error; what breaks later is part of the picture.
  let look = await lookAtLane(api, interrupted, 'throw');
  while (look !== null) {
    show(look, now());
    await pause(EVERY_MS, interrupted);
    look = await lookAtLane(api, interrupted, 'report');
  }
}

/** Null when the user has had enough. */
async function lookAtLane(
  api: Veriqueue,
  interrupted: AbortSignal,
  onFailure: 'throw' | 'report',
): Promise<Look | null> {
  if (interrupted.aborted) return null;
  try {
    return { status: 'seen', lane: await api.lane({ signal: interrupted }) };
  } catch (error) {
    if (interrupted.aborted) return null;
    const isPassing = error instanceof VeriqueueError && !(error instanceof ApiError && error.status < 429);
    if (onFailure === 'throw' || !isPassing) throw error;
    return { status: 'unreachable', reason: printable(error.message) };
  }
}

type Show = (look: Look, at: number) => void;

function chooseShow(terminal: Terminal, live: LiveText | null): Show {
  return live === null ? showChanges(terminal) : (look, at) => live.update(describeLook(terminal, look, at));
}

function describeLook(terminal: Terminal, look: Look, at: number): readonly string[] {
  const when = `${formatTime(at)}  (Ctrl-C ends)`;
  if (look.status === 'unreachable') return [look.reason, '', when];
  return [...terminal.pairs(describeLane(look.lane)).split('\n'), '', when];
}

function showChanges(terminal: Terminal): Show {
  let shown = '';
  return (look, at) => {
    const text = look.status === 'seen' ? summarizeLane(look.lane) : look.reason;
    if (text === shown) return;
    shown = text;
    const value = look.status === 'seen' ? look.lane : { unreachable: look.reason };
    terminal.show({ at: new Date(at).toISOString(), ...value }, `${formatTime(at)}  ${text}`);
  };
}
