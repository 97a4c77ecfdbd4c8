import { Copyable } from './copy.tsx';

/** What is shown once: it stands there until the reader leaves the page. */
export function Secrets({ rows }: { readonly rows: readonly (readonly [name: string, secret: string])[] }) {
  return (
    <dl class="secrets">
      {rows.map(([name, secret]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Copyable text={secret} label={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
