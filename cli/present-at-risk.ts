import { plural } from '../shared/contract/plural.ts';
import type { PromisesAtRisk } from '../shared/contract/promises-at-risk.ts';
import { SECOND_MS } from '../shared/time-units.ts';
import { formatDuration } from './format-duration.ts';
import type { Terminal } from './terminal.ts';

/** What another weight does to promised times, in a sentence and a table of the clients. */
export function describeAtRisk(
  terminal: Terminal,
  { verifications, clients, isSampled, data }: PromisesAtRisk,
): string {
  if (verifications === 0) return 'Every promised time of what waits can still be kept.';
  const count = `${isSampled ? 'about ' : ''}${verifications}`;
  const rows = data.map((client) => [
    client.clientId,
    `${client.verifications} of ${client.waiting}`,
    formatDuration(client.laterSeconds * SECOND_MS),
  ]);
  return [
    `The promised times (completesBy) of ${plural(count, 'waiting verification')} may be missed, of ${plural(clients, 'client')}:`,
    terminal.table(['CLIENT', 'AT RISK', 'LATER BY UP TO'], rows, ''),
    ...(clients > data.length ? [`and ${plural(clients - data.length, 'client')} more.`] : []),
  ].join('\n');
}
