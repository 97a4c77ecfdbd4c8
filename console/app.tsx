import { useEffect } from 'preact/hooks';
import { call } from './api.tsx';
import { Backlog } from './backlog.tsx';
import { Confirm } from './confirm.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { Deliveries } from './deliveries.tsx';
import { Detail } from './detail.tsx';
import { followEvents } from './live.tsx';
import { Outcomes } from './outcomes.tsx';
import { Photos } from './photos.tsx';
import { Quota } from './quota.tsx';
import { SignIn } from './sign-in.tsx';
import { connection, notice, session, snapshot } from './state.tsx';
import { Status } from './status.tsx';
import { Verifications } from './verifications.tsx';

export function App() {
  switch (session.value) {
    case 'unknown':
      return <main class="wait" aria-busy="true" />;
    case 'unreachable':
      return (
        <main class="wait">
          <p role="status">The producer or its Redis does not answer. This page asks again by itself.</p>
        </main>
      );
    case 'signed_out':
      return <SignIn />;
    case 'signed_in':
      return <Dashboard />;
    default:
      return session.value satisfies never;
  }
}

function Dashboard() {
  useEffect(followEvents, []);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <SandboxBanner />
      <main id="main" tabIndex={-1} aria-busy={snapshot.value === null}>
        <Status />
        <Notice />
        <div class="grid">
          <Quota />
          <Backlog />
          <Photos />
          <Outcomes />
          <Deliveries />
          <DeadLetters />
        </div>
        <Verifications />
      </main>
      <Detail />
      <Confirm />
    </>
  );
}

const CONNECTION = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Connection lost, reconnecting…',
  trouble: 'Redis does not answer; what you see is old',
} as const;

/** Verdicts of the sandbox look like real ones. */
function SandboxBanner() {
  if (snapshot.value?.lane.livemode !== false) return null;
  return (
    <p class="sandbox" role="note">
      Sandbox: no real person is verified here, and nothing is billed.
    </p>
  );
}

function Header() {
  const lane = snapshot.value?.lane.lane;
  return (
    <header>
      <h1>
        Veriqueue <span class="lane">{lane === undefined ? '' : `lane ${lane}`}</span>
      </h1>
      <p class={`connection ${connection.value}`} role="status">
        {CONNECTION[connection.value]}
      </p>
      <nav aria-label="Elsewhere">
        <a href="/queues">Queues</a>
        <a href="/docs">API</a>
        <button type="button" class="quiet" onClick={() => signOut('this')}>
          Sign out
        </button>
        <button type="button" class="quiet" onClick={() => signOut('all')}>
          Sign everybody out
        </button>
      </nav>
    </header>
  );
}

async function signOut(which: 'this' | 'all') {
  const answer = await call('DELETE', `/session?which=${which}`);
  if (!answer.ok) {
    notice.value = { tone: 'failed', text: `Cannot sign out: ${answer.reason}.` };
    return;
  }
  snapshot.value = null;
  connection.value = 'connecting';
  session.value = 'signed_out';
}

/** Always there, so that what appears in it is read out. */
function Notice() {
  const { tone, text } = notice.value ?? { tone: 'done', text: '' };
  return (
    <p class={`notice ${tone}`} role="status">
      {text}
    </p>
  );
}
