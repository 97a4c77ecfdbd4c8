import { parseKeySet, type VerifyingKeys, verifyingKeysOf } from '../shared/signing/jwks.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { readTextFile } from './read-text-file.ts';

/**
 * The keys to verify with: a key set from a file, else those of the environment; null without either.
 *
 * @param path of a JSON Web Key Set, as the producer publishes it
 * @throws {CommandFailure} for a file that cannot be read, or holds no Ed25519 key
 */
export async function readVerifyingKeys(
  { ownSigningKeys }: Pick<CliContext, 'ownSigningKeys'>,
  path: string | undefined,
): Promise<VerifyingKeys | null> {
  if (path === undefined) {
    return ownSigningKeys === undefined ? null : verifyingKeysOf(ownSigningKeys);
  }
  const keys = parseKeySet(parseJson(await readTextFile(path)));
  if (keys !== null) return keys;
  throw new CommandFailure(`${path} must be a JSON Web Key Set with an Ed25519 key`, EXIT.calledWrongly);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no key set either.
    return null;
  }
}
