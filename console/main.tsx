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

const answer = await call<{ signedIn: boolean }>('GET', '/session');
session.value = answer.ok && answer.value.signedIn ? 'signed_in' : 'signed_out';
