import type { ReportPassedBy } from '../shared/store/redis/pass-by.ts';
import { printable, type Terminal } from './terminal.ts';

/** More lines than that would hide what the command says. */
const NAMED = 50;

/** Names on standard error what a listing or a repair passed by, so that the rest is not taken for the whole. */
export function reportPassedBy(terminal: Terminal): ReportPassedBy {
  let named = 0;
  return (element, reason) => {
    named += 1;
    if (named <= NAMED) terminal.warn(`passed by: ${printable(element)}: ${printable(reason)}`);
    if (named === NAMED + 1) terminal.warn(`passed by: more than ${NAMED}; the rest is not named`);
  };
}
