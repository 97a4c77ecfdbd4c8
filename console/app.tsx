import { useEffect } from 'preact/hooks';
import { readClients } from './clients.tsx';
import { formatTime } from './format.ts';
import { Header } from './header.tsx';
import { followEvents } from './live.tsx';
import { Activity } from './pages/activity.tsx';
import { Client } from './pages/client.tsx';
import { ClientDeliveries } from './pages/client-deliveries.tsx';
import { Clients } from './pages/clients.tsx';
import { Deliveries } from './pages/deliveries.tsx';
import { Detail } from './pages/detail.tsx';
import { Operators } from './pages/operators.tsx';
import { Overview } from './pages/overview.tsx';
import { RecordOfProcessing } from './pages/record.tsx';
import { Usage } from './pages/usage.tsx';
import { Verifications } from './pages/verifications.tsx';
import { Confirm } from './parts/confirm.tsx';
import { timeZone } from './preferences.tsx';
import type { Route } from './route.ts';
import { SignIn } from './sign-in.tsx';
import { changes, connection, lostSince, route, session, snapshot } from './state.tsx';
import { texts } from './texts/texts.tsx';

export function App() {
  switch (session.value) {
    case 'unknown':
      return <main class="wait" aria-busy="true" />;
    case 'unreachable':
      return (
        <main class="wait">
          <p role="status">{texts.value.unreachable}</p>
        </main>
      );
    case 'signed_out':
      return <SignIn />;
    case 'signed_in':
      return <Desk />;
    default:
      return session.value satisfies never;
  }
}

const CLIENTS_AGAIN_MS = 60_000;

function Desk() {
  useEffect(followEvents, []);
  const change = changes.value;
  useEffect(() => {
    void readClients();
    const timer = setInterval(() => void readClients(), CLIENTS_AGAIN_MS);
    return () => clearInterval(timer);
  }, [change]);
  const { page, id, part } = route.value;
  const t = texts.value;
  useEffect(() => {
    document.title = `${t.page[page]} · Veriqueue`;
    scrollTo(0, 0);
  }, [page, id, part, t]);
  return (
    <>
      <a class="skip" href="#main">
        {t.shell.skip}
      </a>
      <Header />
      <SandboxBanner />
      <StaleBanner />
      <main id="main" tabIndex={-1} class={lostSince.value === null ? '' : 'old'}>
        {page !== 'overview' && id === null && <h1 class="page-title">{t.page[page]}</h1>}
        <PageOf route={route.value} />
      </main>
      <Confirm />
    </>
  );
}

function PageOf({ route: { page, id, part } }: { readonly route: Route }) {
  switch (page) {
    case 'overview':
      return <Overview />;
    case 'verifications':
      return id === null ? <Verifications /> : <Detail key={id} id={id} />;
    case 'deliveries':
      return <Deliveries />;
    case 'clients':
      if (id === null) return <Clients />;
      return part === 'deliveries' ? <ClientDeliveries key={id} id={id} /> : <Client key={id} id={id} />;
    case 'usage':
      return <Usage />;
    case 'operators':
      return <Operators />;
    case 'activity':
      return id === 'record' ? <RecordOfProcessing /> : <Activity />;
    default:
      return page satisfies never;
  }
}

/** Verdicts of the sandbox look like real ones. */
function SandboxBanner() {
  if (snapshot.value?.lane.livemode !== false) return null;
  return (
    <p class="sandbox" role="note">
      {texts.value.shell.sandbox}
    </p>
  );
}

/** A page that is not live any more looks like one that is. So it says so as loudly as it reports a fault. */
function StaleBanner() {
  const since = lostSince.value;
  const t = texts.value.shell;
  const time = since === null ? '' : formatTime(new Date(since).toISOString(), Date.now(), timeZone());
  return (
    <p class={since === null ? 'unseen' : 'stale'} role="alert">
      {since === null ? '' : connection.value === 'trouble' ? t.troubleSince(time) : t.lostSince(time)}
    </p>
  );
}
