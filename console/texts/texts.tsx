import { computed } from '@preact/signals';
import { language } from '../preferences.tsx';
import { en, type Texts } from './en.ts';
import { zh } from './zh.ts';

/** The texts of the language that the page is read in. */
export const texts = computed<Texts>(() => (language.value === 'zh' ? zh : en));

/** A status, a verdict or a reason in words; one that the catalogue lacks as it is. */
export const wordOf = (word: string): string => texts.value.words[word] ?? word.replaceAll('_', ' ');
