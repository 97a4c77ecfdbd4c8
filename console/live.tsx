import type { ConsoleSessionState, ConsoleSnapshot } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { connection, lostSince, operator, session, snapshot } from './state.tsx';

/** The server lets itself be heard every few seconds; after such a silence the connection is taken for dead. */
const SILENCE_MS = 16_000;
/** After the server said no: full, or going down. The browser reconnects after ordinary breaks by itself, within a second. */
const REFUSED_MS = 3_000;

/** Follows the server's events until the returned function is called. */
export function followEvents(): () => void {
  let source: EventSource | null = null;
  let timer: number | undefined;

  const waitFor = (ms: number) => {
    clearTimeout(timer);
    timer = window.setTimeout(connect, ms);
  };
  let heardAt = Date.now();
  const heard = () => {
    connection.value = 'live';
    lostSince.value = null;
    heardAt = Date.now();
    waitFor(SILENCE_MS);
  };
  const lost = (how: 'reconnecting' | 'trouble') => {
    connection.value = how;
    lostSince.value ??= heardAt;
  };
  const connect = () => {
    source?.close();
    source = new EventSource('/console/events');
    source.addEventListener('snapshot', (event) => {
      snapshot.value = JSON.parse((event as MessageEvent<string>).data) as ConsoleSnapshot;
      heard();
    });
    source.addEventListener('beat', heard);
    source.addEventListener('trouble', () => {
      waitFor(SILENCE_MS);
      if (snapshot.value === null) connection.value = 'trouble';
      else lost('trouble');
    });
    source.addEventListener('error', () => {
      if (snapshot.value === null) connection.value = 'connecting';
      else lost('reconnecting');
      if (source?.readyState === EventSource.CLOSED) void refused();
    });
    waitFor(SILENCE_MS);
  };
  const refused = async () => {
    waitFor(REFUSED_MS);
    const answer = await call<ConsoleSessionState>('GET', '/session');
    if (!answer.ok) return;
    operator.value = answer.value.operator;
    if (!answer.value.signedIn) session.value = 'signed_out';
  };

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
