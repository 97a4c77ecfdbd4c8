/** One small change of a source file that the tests should notice. */
export interface Mutant {
  /** Relative to the checkout. */
  readonly file: string;
  readonly language: 'typescript' | 'lua';
  /** Offsets of the replaced text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly kind: string;
}

/** What a syntax knows of one place: the text to replace, and with what. */
export type Site = Pick<Mutant, 'start' | 'end' | 'replacement' | 'kind'>;

export const applyMutant = (source: string, { start, end, replacement }: Site): string =>
  source.slice(0, start) + replacement + source.slice(end);

/** `file:line  kind: before → after`, on one line. */
export function describeMutant(source: string, mutant: Mutant): string {
  const line = source.slice(0, mutant.start).split('\n').length;
  const show = (text: string) => (text === '' ? 'nothing' : text.replace(/\s+/g, ' ').slice(0, 90));
  return `${mutant.file}:${line}  ${mutant.kind}: ${show(source.slice(mutant.start, mutant.end))} → ${show(mutant.replacement)}`;
}
