import { render } from 'preact';
import { App } from './app.tsx';
import { parseRoute } from './route.ts';
import { findSession } from './session.tsx';
import { result, route } from './state.tsx';

const readAddress = (event?: HashChangeEvent) => {
  // The link that skips to the content: the address goes on naming the page.
  if (event && location.hash === '#main') return history.replaceState(null, '', event.oldURL);
  route.value = parseRoute(location.hash);
  result.value = null;
};
addEventListener('hashchange', readAddress);
readAddress();

const root = document.getElementById('app');
if (root) render(<App />, root);
await findSession();
