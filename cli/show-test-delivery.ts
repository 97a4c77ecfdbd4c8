import type { TestDelivery } from '../client/veriqueue.ts';
import { CommandFailure } from './command-failure.ts';
import { formatDuration } from './format-duration.ts';
import { printable, type Terminal } from './terminal.ts';

/** Shows what came of a test event. @throws {CommandFailure} when the receiver did not accept it */
export function showTestDelivery(terminal: Terminal, sent: TestDelivery): void {
  const came = sent.status === null ? (sent.errorClass ?? 'no answer') : `status ${sent.status}`;
  terminal.show(
    sent,
    terminal.pairs({
      event: `webhook.test ${sent.webhookId}`,
      to: sent.url,
      result: came,
      took: formatDuration(sent.durationMs),
      answer: printable(sent.answer).slice(0, 60) || '-',
    }),
  );
  if (!sent.accepted) throw new CommandFailure(`The receiver did not accept the test event: ${came}`);
}
