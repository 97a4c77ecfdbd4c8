import { render } from 'preact';
import { call } from './api.tsx';
import { App } from './app.tsx';
import { opened, session } from './state.tsx';

const readAddress = () => {
  const [, id] = /^#(ver_[0-9a-z]{26})$/.exec(location.hash) ?? [];
  opened.value = id ?? null;
};
addEventListener('hashchange', readAddress);
readAddress();

const root = document.getElementById('app');
if (root) render(<App />, root);

const ASK_AGAIN_MS = 3_000;

/** The page asks for the key only when it knows that there is no session. */
async function findSession(): Promise<void> {
  const answer = await call<{ signedIn: boolean }>('GET', '/session');
  if (answer.ok) {
    session.value = answer.value.signedIn ? 'signed_in' : 'signed_out';
    return;
  }
  session.value = 'unreachable';
  setTimeout(() => void findSession(), ASK_AGAIN_MS);
}
await findSession();
