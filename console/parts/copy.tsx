import { useSignal } from '@preact/signals';
import { texts } from '../texts/texts.tsx';

const SHOWN_MS = 2_000;

/** A text that is often pasted elsewhere, with a button that copies it. */
export function Copyable({ text, label }: CopyProps) {
  return (
    <span class="copyable">
      <code>{text}</code> <CopyButton text={text} label={label} />
    </span>
  );
}

interface CopyProps {
  readonly text: string;
  /** What is copied, for readers who do not see it beside the button. */
  readonly label: string;
}

export function CopyButton({ text, label }: CopyProps) {
  const copied = useSignal(false);
  const copy = async () => {
    // Plain http from another host has no clipboard: the text can be selected.
    await navigator.clipboard?.writeText(text).catch(() => undefined);
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, SHOWN_MS);
  };
  const { copy: word, copied: done } = texts.value;
  return (
    <button type="button" class="quiet small" aria-label={`${word}: ${label}`} onClick={copy}>
      {copied.value ? done : word}
    </button>
  );
}
