/** Ids begin alike: they differ in their end, and on a phone only that has room. */
export function ShortId({ id }: { readonly id: string }) {
  return (
    <a class="id" href={`#${id}`} title={id}>
      <span class="unseen">Verification </span>
      <span class="id-head">{id.slice(0, -8)}</span>
      {id.slice(-8)}
    </a>
  );
}
