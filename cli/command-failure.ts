import { EXIT } from './exit-codes.ts';

/** How a command ends that could not do what it was asked for: one line for people, and an exit code for machines. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  /** @param exitCode one of `EXIT`: 2 when the call itself was wrong */
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
