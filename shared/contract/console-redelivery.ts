import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** `POST /console/api/clients/{client}/redeliveries`: of verifications submitted `from` then on and before `until`. */
export const periodRequest = z
  .strictObject({ from: instant, until: instant })
  .refine(({ from, until }) => from < until, {
    path: ['until'],
    params: { code: 'not_after_from' },
    error: 'must be later than from',
  });

export interface ConsoleRedelivery {
  /** `already_redelivering`: one of this client is under way, which goes on; this one has not begun. */
  readonly status: 'redelivering' | 'already_redelivering';
}
