import { errors } from 'undici';
import type { OwnCode } from '../../shared/outcomes/outcome-table.ts';

/** The code for a connection that failed after the whole request had been handed to it. */
export function codeOfSentRequest(error: unknown, interrupted: boolean): OwnCode {
  if (interrupted) return 'Veriqueue.Interrupted';
  return error instanceof errors.HTTPParserError ? 'Veriqueue.NotHttp' : 'Veriqueue.ConnectionReset';
}

/** The error's own code, for logs. Never its message, which may quote what was sent. */
export function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
