import { describe, expect, it } from 'vitest';
import {
  type ConnectionEvent,
  type ConnectionNews,
  type ConnectionState,
  computeConnectionChange,
} from '../../../../shared/store/redis/connection-state.ts';

const READY: ConnectionEvent = { kind: 'ready' };
const CLOSED: ConnectionEvent = { kind: 'closed' };
const REFUSED: ConnectionEvent = { kind: 'error', failure: 'gone', reason: 'connect ECONNREFUSED' };
const RESET: ConnectionEvent = { kind: 'error', failure: 'gone', reason: 'read ECONNRESET' };
const LOADING: ConnectionEvent = { kind: 'error', failure: 'refused', reason: 'LOADING' };
const WRONG_PASSWORD: ConnectionEvent = { kind: 'error', failure: undefined, reason: 'WRONGPASS' };

/** One event per second, from 0 s on. */
function reportsOf(events: readonly ConnectionEvent[]): string[] {
  const reports: ConnectionNews[] = [];
  events.reduce<ConnectionState>(
    (state, event, second) => {
      const change = computeConnectionChange(state, event, second * 1_000);
      reports.push(...(change.news === undefined ? [] : [change.news]));
      return change.state;
    },
    { kind: 'connecting', reported: [] },
  );
  return reports.map(({ kind, ...detail }) => [kind, ...Object.values(detail)].join(' '));
}

describe('the log of a connection', () => {
  it.each<[string, ConnectionEvent[], string[]]>([
    ['one line when it is made', [READY], ['connected']],
    [
      'one line for many failed tries before the first success',
      [REFUSED, CLOSED, REFUSED, CLOSED, RESET, CLOSED, READY],
      ['unreachable connect ECONNREFUSED', 'connected'],
    ],
    [
      'one line when it is lost and one when it is back, with the time between',
      [READY, CLOSED, REFUSED, CLOSED, REFUSED, CLOSED, READY],
      ['connected', 'lost connection closed', 'back 5000'],
    ],
    [
      'the error as the reason when it comes first',
      [READY, RESET, CLOSED],
      ['connected', 'lost read ECONNRESET'],
    ],
    [
      'a line more when the reason becomes another kind',
      [READY, CLOSED, REFUSED, LOADING, LOADING, WRONG_PASSWORD, WRONG_PASSWORD, READY],
      ['connected', 'lost connection closed', 'unreachable LOADING', 'unreachable WRONGPASS', 'back 6000'],
    ],
    [
      'each outage again',
      [READY, CLOSED, READY, CLOSED, REFUSED],
      ['connected', 'lost connection closed', 'back 1000', 'lost connection closed'],
    ],
    [
      'one line for a Redis that hangs up without an error',
      [CLOSED, CLOSED, READY],
      ['unreachable connection closed by Redis', 'connected'],
    ],
    ['nothing for a connection that stays', [READY, READY], ['connected']],
  ])('has %s', (_, events, lines) => {
    expect(reportsOf(events)).toEqual(lines);
  });
});
