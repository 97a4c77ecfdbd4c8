import type { ZodError } from 'zod';

/** Which fields could not be read, for a log line or a reason. Never their values: those are the client's. */
export function namesOfFields(error: ZodError): string[] {
  return error.issues.map((issue) => issue.path.join('.'));
}
