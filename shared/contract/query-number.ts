import { z } from 'zod';

const DIGITS = /^[0-9]+$/;

/**
 * A whole number of a query: decimal digits and nothing else. A mere conversion takes an empty text for 0, `0x10` for 16 and `1e2`
 * for 100.
 *
 * @example `queryNumber({ min: 1, max: 100 }).default(20)`
 */
export const queryNumber = ({ min, max }: { readonly min: number; readonly max: number }) =>
  z.preprocess((given, context) => {
    if (typeof given !== 'string') return given;
    if (DIGITS.test(given)) return Number(given);
    context.addIssue({
      code: 'custom',
      params: { code: 'invalid_type' },
      message: 'must be a whole number, in decimal digits',
    });
    return z.NEVER;
  }, z.number().int().min(min).max(max));
