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

/** While nobody can say whether the session stands, nobody is asked for the key. */
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
