import { texts } from '../texts/texts.tsx';

/** A signed receipt of what was deleted, as a file: of a verification, or of all those of a client. */
export function ReceiptLink({ path, name }: { readonly path: string; readonly name: string }) {
  const t = texts.value.receipts;
  return (
    <p class="actions">
      <a href={`/console/api${path}/receipt`} download={`receipt-${name}.json`}>
        {t.save}
      </a>
    </p>
  );
}
