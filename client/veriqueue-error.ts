/** What every error of this client extends. None ever holds what was submitted, the API key or a webhook secret. */
export abstract class VeriqueueError extends Error {
  /** Requests that were sent before it was given up; 0 when none was. */
  readonly attempts: number;

  constructor(message: string, { attempts, cause }: { readonly attempts: number; readonly cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause });
    this.attempts = attempts;
  }
}

/** There was no answer: the server could not be reached, or the connection broke. What was asked may have been done. */
export class ConnectionError extends VeriqueueError {}

/** There was no answer, or no outcome, within the time given. What was asked may have been done. */
export class TimeoutError extends VeriqueueError {}

nameErrors({ ConnectionError, TimeoutError });

/**
 * Gives classes the names under which logs show their errors: on the prototypes, so that a stack begins with the name, and as
 * texts, because bundlers rename classes.
 */
export function nameErrors(classes: { readonly [name: string]: { readonly prototype: Error } }): void {
  for (const [name, { prototype }] of Object.entries(classes)) prototype.name = name;
}
