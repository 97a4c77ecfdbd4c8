import { useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import { call } from './api.tsx';
import { session } from './state.tsx';

export function SignIn() {
  const failure = useSignal('');
  const busy = useSignal(false);

  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key'));
    busy.value = true;
    const answer = await call('POST', '/session', { key });
    busy.value = false;
    if (answer.ok) session.value = 'signed_in';
    else failure.value = describeFailure(answer.status, answer.reason);
  };

  return (
    <main class="sign-in">
      <h1>Veriqueue</h1>
      <form onSubmit={submit}>
        {/* For password managers, which file a password under a name. */}
        <input type="text" name="username" autocomplete="username" value="operator" hidden readOnly />
        <label for="key">Operator key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="key-help key-failure"
          aria-invalid={failure.value !== ''}
        />
        <p id="key-help" class="help">
          The value of <code>OPERATOR_KEY</code>; <code>npm start</code> prints one.
        </p>
        <p id="key-failure" class="failure" role="alert">
          {failure.value}
        </p>
        <button type="submit" disabled={busy.value}>
          Sign in
        </button>
      </form>
    </main>
  );
}

function describeFailure(status: number, reason: string): string {
  if (status === 401) return 'This is not the operator key.';
  return status === 429 ? 'Too many wrong keys. Wait a minute.' : `${reason}.`;
}
