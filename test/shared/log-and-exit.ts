import { createLog } from '../../shared/log.ts';

/** Logs two lines and ends at once, as a process does that says why it cannot go on. */
const [, , format, terminal] = process.argv;
if (format !== 'auto' && format !== 'json' && format !== 'pretty') throw new Error('no such format');
const log = await createLog({ part: 'worker', level: 'info', format, isTerminal: terminal === 'terminal' });
log.info({ event: 'attempt', verification: 'ver_1', code: 'Success', idCard: 'secret' }, 'upstream call');
log.fatal({ event: 'stop_overdue' }, 'the worker cannot stop in order');
process.exit(3);
