/** Ids begin alike: what tells them apart is their end, and on a phone that is all there is room for. */
export function ShortId({ id }: { readonly id: string }) {
  return (
    <a class="id" href={`#${id}`} title={id}>
      <span class="unseen">Verification </span>
      <span class="id-head">{id.slice(0, -8)}</span>
      {id.slice(-8)}
    </a>
  );
}
