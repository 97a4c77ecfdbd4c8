import { computed } from '@preact/signals';
import { language } from '../preferences.tsx';
import { en, type Texts } from './en.ts';
import { zh } from './zh.ts';

/** The texts of the language that the page is read in. */
export const texts = computed<Texts>(() => (language.value === 'zh' ? zh : en));

/** The text of a name that comes from outside; null for one that the catalogue lacks. */
export function textOf(group: Readonly<Record<string, string>>, name: string): string | null {
  return group[name] ?? null;
}

/** A status, a verdict or a reason in words; one that the catalogue lacks as it is. */
export const wordOf = (word: string): string => textOf(texts.value.words, word) ?? word.replaceAll('_', ' ');
