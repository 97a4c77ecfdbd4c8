import type { TargetedEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ActionResult } from './parts/result.tsx';
import { chooseLanguage, chooseZone, type Language, language, type Zone, zone } from './preferences.tsx';
import { hrefOf, pages } from './route.ts';
import { signOut } from './session.tsx';
import { connection, operator, route, snapshot } from './state.tsx';
import { texts } from './texts/texts.tsx';

export function Header() {
  const t = texts.value;
  const lane = snapshot.value?.lane.lane;
  return (
    <header>
      <div class="top">
        <p class="brand">
          Veriqueue <span class="lane">{lane === undefined ? '' : t.shell.lane(lane)}</span>
        </p>
        <p class={`connection ${connection.value}`} role="status">
          {t.shell[connection.value]}
        </p>
        <Search />
        <Choices />
      </div>
      <div class="second">
        <nav class="pages" aria-label={t.shell.pages}>
          {pages.map((page) => (
            <a key={page} href={hrefOf(page)} aria-current={route.value.page === page ? 'page' : undefined}>
              {t.page[page]}
            </a>
          ))}
        </nav>
        <Session />
      </div>
    </header>
  );
}

/** An id opens its verification; anything else is looked for as a reference. */
function Search() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  const search = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('search')).trim();
    const [, rest] = /^(?:ver|evt)_([0-9a-z]{26})$/.exec(text) ?? [];
    if (rest !== undefined) location.hash = hrefOf('verifications', `ver_${rest}`);
    else location.hash = hrefOf('verifications', null, { search: text });
  };
  const t = texts.value.shell;
  return (
    <search>
      <form onSubmit={search}>
        <label class="unseen" for="search">
          {t.searchLabel}
        </label>
        <input
          ref={input}
          id="search"
          name="search"
          type="search"
          placeholder={`${t.searchLabel}   /`}
          autocomplete="off"
          spellcheck={false}
          maxLength={128}
        />
        <button type="submit" class="quiet">
          {t.search}
        </button>
      </form>
    </search>
  );
}

function Choices() {
  const t = texts.value.shell;
  return (
    <div class="choices">
      <select
        aria-label={t.language}
        value={language.value}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        <option value="en">English</option>
        <option value="zh">中文</option>
      </select>
      <select
        aria-label={t.zone}
        value={zone.value}
        onChange={(event) => chooseZone(event.currentTarget.value as Zone)}
      >
        <option value="local">{t.local}</option>
        <option value="UTC">UTC</option>
        <option value="Asia/Shanghai">UTC+08:00</option>
      </select>
    </div>
  );
}

function Session() {
  const t = texts.value.shell;
  const who = operator.value;
  return (
    <nav class="session" aria-label={t.elsewhere}>
      <a href="/queues">{t.queues}</a>
      <a href="/docs">{t.api}</a>
      {who && (
        <span class="who">
          {who.name}
          {who.readOnly && <span class="badge read-only">{t.readOnly}</span>}
        </span>
      )}
      <button type="button" class="quiet small" onClick={() => signOut('this')}>
        {t.signOut}
      </button>
      <button
        type="button"
        class="quiet small"
        disabled={who?.readOnly === true}
        onClick={() => signOut('all')}
      >
        {t.signAllOut}
      </button>
      <ActionResult place="session" />
    </nav>
  );
}
