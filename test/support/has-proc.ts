import { existsSync } from 'node:fs';
import { findAbility } from './needs.ts';

/** Whether the system has what Linux writes about each process. */
export const hasProc = findAbility(existsSync('/proc/self/smaps_rollup'), {
  name: '/proc',
  get: 'a machine that runs Linux',
});
