import type { TargetedEvent } from 'preact';
import { hrefOf } from '../route.ts';
import { texts } from '../texts/texts.tsx';

const FIELDS = ['actor', 'target', 'from', 'to'] as const;
export type AuditFilters = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

/** Of the address, what the trail is searched by; null when nothing is. */
export function readFilters(query: Readonly<Record<string, string>>): URLSearchParams | null {
  const given = FIELDS.flatMap((name) => (query[name] ? [[name, query[name]]] : []));
  return given.length === 0 ? null : new URLSearchParams(given);
}

/** Searches the whole audit trail: also what clients and the system did. The address keeps what was asked for. */
export function AuditSearch({ filters }: { readonly filters: AuditFilters }) {
  const t = texts.value.auditSearch;
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = FIELDS.map((name) => [name, String(form.get(name) ?? '').trim()]);
    location.hash = hrefOf('activity', null, Object.fromEntries(given));
  };
  return (
    <form class="period" onSubmit={submit} key={JSON.stringify(filters)}>
      <label>
        <span>{t.actor}</span> <input name="actor" defaultValue={filters.actor ?? ''} />
      </label>
      <label>
        <span>{t.target}</span> <input name="target" defaultValue={filters.target ?? ''} />
      </label>
      <label>
        <span>{t.from}</span> <input type="date" name="from" defaultValue={filters.from ?? ''} />
      </label>
      <label>
        <span>{t.to}</span> <input type="date" name="to" defaultValue={filters.to ?? ''} />
      </label>
      <button type="submit">{t.search}</button>
    </form>
  );
}
