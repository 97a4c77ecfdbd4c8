import { FALLBACK_DESCRIPTIONS_ZH, OUTCOME_DESCRIPTIONS_ZH } from './outcome-descriptions-zh.ts';

/** What a code means, in Chinese: its row's words, those of its prefix for a code without a row, or those for any other. */
export function describeOutcomeZh(code: string): string {
  const [prefix = code] = code.split('.', 1);
  return (
    find(OUTCOME_DESCRIPTIONS_ZH, code) ??
    find(FALLBACK_DESCRIPTIONS_ZH, prefix) ??
    FALLBACK_DESCRIPTIONS_ZH['*']
  );
}

/** A code may be named like an inherited property. */
const find = (words: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(words, name) ? words[name] : undefined;
