import { Fragment } from 'preact';
import { nameOfClient } from '../clients.tsx';
import { formatInstant, formatTime } from '../format.ts';
import { timeZone } from '../preferences.tsx';
import { hrefOf } from '../route.ts';
import { wordOf } from '../texts/texts.tsx';

/** Ids begin alike: they differ in their end, and on a phone only that has room. */
export function ShortId({ id, label }: { readonly id: string; readonly label: string }) {
  return (
    <a class="id" href={hrefOf('verifications', id)} title={id}>
      <span class="unseen">{label} </span>
      <span class="id-head">{id.slice(0, -8)}</span>
      {id.slice(-8)}
    </a>
  );
}

/** A client by its name; the id is what the API and the log have. */
export function ClientName({ id }: { readonly id: string }) {
  return (
    <a class="client" href={hrefOf('clients', id)} title={id}>
      {nameOfClient(id)}
    </a>
  );
}

export function Badge({ word }: { readonly word: string }) {
  return <span class={`badge ${word}`}>{wordOf(word)}</span>;
}

/** A code of the upstream. It may break behind a dot and before a capital, and nowhere else unless it must. */
export function Code({ code }: { readonly code: string }) {
  const [first = '', ...others] = code.split(/(?<=\.)|(?<=[a-z])(?=[A-Z])/);
  return (
    <span class="code">
      {first}
      {others.map((part, i) => (
        <Fragment key={i + part}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </span>
  );
}

/** In the zone that the reader chose; on hover to the second, with the zone. */
export function Time({ at, exact = false }: { readonly at: string; readonly exact?: boolean }) {
  const whole = formatInstant(at, timeZone());
  return (
    <time dateTime={at} title={whole}>
      {exact ? whole : formatTime(at, Date.now(), timeZone())}
    </time>
  );
}
