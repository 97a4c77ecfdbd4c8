import { z } from 'zod';

/** A text that is most often one of these. Editors suggest the known values, and accept others. */
export type OpenText<Known extends string> = Known | (string & Record<never, never>);

/**
 * A text with known values, to which the upstream or a later version may add: readers have to expect others. The JSON schema
 * lists them as `x-extensible-enum`.
 */
export function openText<const Known extends string>(known: readonly Known[]): z.ZodType<OpenText<Known>> {
  return z.string().meta({ 'x-extensible-enum': [...known] });
}
