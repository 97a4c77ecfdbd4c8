import type { LaneOverview } from '../../shared/contract/lane.ts';
import { plural } from '../../shared/contract/plural.ts';
import { formatTime, printable } from '../terminal.ts';
import { type Check, ok, problem } from './check.ts';

/** What an overview of the lane says about its health. */
export function checkLane(lane: LaneOverview): readonly Check[] {
  const { livemode, quota } = lane;
  if (livemode === null) {
    return [
      checkStatus(lane),
      problem(
        'worker',
        'none has started on this lane yet',
        'Start a worker with the same REDIS_URL and LANE.',
      ),
    ];
  }
  const asks = livemode ? 'asks the real upstream' : 'asks the SANDBOX, which verifies no real person';
  return [checkStatus(lane), ok('worker', `has started; ${asks}, ${quota.perSecond || '?'} calls a second`)];
}

function checkStatus({ lane, status, reason, since, backlog }: LaneOverview): Check {
  const why = reason === null ? '' : `: ${printable(reason)}`;
  const when = since === null ? '' : ` since ${formatTime(Date.parse(since))}`;
  const detail = `${lane} is ${status}${when}${why}; ${backlog.total} wait`;
  switch (status) {
    case 'running':
      return ok('lane', detail);
    case 'paused':
      return problem('lane', detail, 'An operator paused it. To go on: veriqueue lane resume');
    case 'held':
      return problem(
        'lane',
        detail,
        'The account is at fault: repair it (docs/runbook.md has each code), and the next probe goes on by itself.',
      );
    case 'slow':
      return problem(
        'lane',
        detail,
        "The upstream does not answer: it goes on by itself. See Tencent Cloud's status page, and whether the workers reach it.",
      );
    default:
      return status satisfies never;
  }
}

/** Each account where a file names several: one may be closed while the lane runs on the others. */
export function checkAccounts({ accounts = [] }: LaneOverview): readonly Check[] {
  return accounts.map((account) => {
    const { name, status, reason, since, workers } = account;
    const why = reason === null ? '' : `: ${printable(reason)}`;
    const when = since === null ? '' : ` since ${formatTime(Date.parse(since))}`;
    const detail = `${name} is ${status}${when}${why}; ${workers} workers have its secrets`;
    if (status === 'running' && workers === 0) {
      return problem('account', detail, 'Give a worker the secrets that ACCOUNTS_FILE names for it.');
    }
    if (status === 'running') return ok('account', detail);
    return problem('account', detail, accountFixes[status](name));
  });
}

const accountFixes = {
  paused: (name: string) => `An operator paused it. To go on: veriqueue account resume ${name}`,
  held: () =>
    'The account is at fault: docs/runbook.md has each code. The others go on, and its probe brings it back.',
  slow: () => 'Its upstream does not answer. The others go on, and its probe brings it back.',
};

/** So many events of the audit trail do not wait unless no process can put them into the chain. */
const MANY_WAITING = 1_000;

/** Whether what was done gets into the audit trail. */
export function checkAudit({
  number,
  waiting,
}: {
  readonly number: number;
  readonly waiting: number;
}): Check {
  const detail = `has ${plural(number, 'entry', 'entries')}; ${plural(waiting, 'event waits for its place', 'events wait for their place')}`;
  if (waiting < MANY_WAITING) return ok('audit trail', detail);
  return problem(
    'audit trail',
    detail,
    'Give producers and workers SIGNING_KEYS as before, or the trail goes on unsigned (docs/audit.md#signing-keys).',
  );
}

/** Events that do not get to their receivers. */
export function checkDeliveries(troubles: {
  readonly deadLetters: number;
  readonly endpoints: readonly {
    readonly clientId: string;
    readonly origin: string;
    readonly waiting: number;
  }[];
}): readonly Check[] {
  const { deadLetters, endpoints } = troubles;
  const named = endpoints
    .slice(0, 3)
    .map(({ clientId, origin, waiting }) => `${clientId} ${origin} (${plural(waiting, 'waits', 'wait')})`);
  const more = endpoints.length > named.length ? `, and ${endpoints.length - named.length} more` : '';
  return [
    endpoints.length === 0
      ? ok('endpoints', 'none is failing or held')
      : problem(
          'endpoints',
          `failing, held or waited for: ${printable(named.join(', '))}${more}`,
          'See veriqueue endpoints list. Once the receiver is well: veriqueue endpoints enable <client> <origin>',
        ),
    deadLetters === 0
      ? ok('dead letters', 'none')
      : problem(
          'dead letters',
          plural(deadLetters, 'event was given up', 'events were given up'),
          'See veriqueue deliveries list --status dead. Once the receiver is well: veriqueue deliveries redeliver --dead',
        ),
  ];
}
