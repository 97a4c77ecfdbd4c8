import { errors } from 'undici';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';

/** The code for a connection that failed after the whole request had been handed to it. */
export function codeOfSentRequest(error: unknown, interrupted: boolean): OwnCode {
  if (interrupted) return 'Veriqueue.Interrupted';
  return error instanceof errors.HTTPParserError ? 'Veriqueue.NotHttp' : 'Veriqueue.ConnectionReset';
}

/**
 * The code for a request that did not get out complete. What HTTP itself forbids (a line end in a credential) fails
 * every request alike, before any network: a fault of the configuration, for which the lane is held.
 */
export function codeOfUnsentRequest(error: unknown): OwnCode {
  const isUnformed =
    error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError;
  return isUnformed ? 'Veriqueue.RequestNotFormed' : 'Veriqueue.ConnectionFailed';
}

/** The error's own code, for logs. Never its message, which may quote what was sent. */
export function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
