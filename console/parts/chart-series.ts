/** What a chart stacks: a value for each of its steps. */
export interface Series {
  readonly name: string;
  /** Which colour, by what it means. */
  readonly tone: 'calm' | 'watch' | 'alarm' | 'soft';
  readonly values: readonly number[];
}
