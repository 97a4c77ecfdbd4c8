import { useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import { call } from './api.tsx';
import { chooseLanguage, language } from './preferences.tsx';
import { findSession } from './session.tsx';
import { texts } from './texts/texts.tsx';

export function SignIn() {
  const failure = useSignal('');
  const busy = useSignal(false);
  const t = texts.value.signIn;

  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key'));
    busy.value = true;
    const answer = await call('POST', '/session', { key });
    busy.value = false;
    if (answer.ok) await findSession();
    else failure.value = describeFailure(answer.status, answer.reason);
  };

  return (
    <main class="sign-in">
      <h1>Veriqueue</h1>
      <form onSubmit={submit}>
        {/* For password managers, which file a password under a name. */}
        <input type="text" name="username" autocomplete="username" value="operator" hidden readOnly />
        <label for="key">{t.key}</label>
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
          {t.help}
        </p>
        <p id="key-failure" class="failure" role="alert">
          {failure.value}
        </p>
        <button type="submit" disabled={busy.value}>
          {t.submit}
        </button>
      </form>
      <p class="help">
        <button
          type="button"
          class="quiet small"
          lang={language.value === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => chooseLanguage(language.value === 'zh' ? 'en' : 'zh')}
        >
          {language.value === 'zh' ? 'English' : '中文'}
        </button>
      </p>
    </main>
  );
}

function describeFailure(status: number, reason: string): string {
  const { wrong, tooMany } = texts.value.signIn;
  if (status === 401) return wrong;
  return status === 429 ? tooMany : texts.value.failed(reason);
}
