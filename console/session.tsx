import type { ConsoleSessionState } from '../shared/contract/console.ts';
import { call } from './api.tsx';
import { connection, lostSince, operator, result, session, snapshot } from './state.tsx';
import { texts } from './texts/texts.tsx';

const ASK_AGAIN_MS = 3_000;

/** The page asks for the key only when it knows that there is no session. */
export async function findSession(): Promise<void> {
  const answer = await call<ConsoleSessionState>('GET', '/session');
  if (answer.ok) {
    operator.value = answer.value.operator;
    session.value = answer.value.signedIn ? 'signed_in' : 'signed_out';
    return;
  }
  session.value = 'unreachable';
  setTimeout(() => void findSession(), ASK_AGAIN_MS);
}

export async function signOut(which: 'this' | 'all'): Promise<void> {
  const answer = await call('DELETE', `/session?which=${which}`);
  if (!answer.ok) {
    result.value = { place: 'session', tone: 'failed', text: texts.value.shell.cannotSignOut(answer.reason) };
    return;
  }
  snapshot.value = null;
  lostSince.value = null;
  connection.value = 'connecting';
  session.value = 'signed_out';
}
