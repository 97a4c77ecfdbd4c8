import { ANY_ORIGIN } from '../shared/store/clients/client.ts';
import { parseCallbackOrigin, parseCallbackUrl } from '../shared/webhook/callback-url.ts';
import { CommandFailure } from './command-failure.ts';

interface Rules {
  readonly allowInsecureCallbacks: boolean;
}

const rule = (allowInsecure: boolean, what: string) =>
  `must be ${what}${allowInsecure ? '' : ' of a public host, with https (ALLOW_INSECURE_CALLBACKS=true lifts this in development)'}`;

/** @param name of the option or argument @returns the URL in normal form @throws {CommandFailure} */
export function checkCallbackUrl(
  text: string,
  { allowInsecureCallbacks: allowInsecure }: Rules,
  name = '--callback-url',
): string {
  const parsed = parseCallbackUrl(text, { allowInsecure });
  if (parsed.ok) return parsed.href;
  throw refused(name, rule(allowInsecure, 'an absolute URL'), parsed.problem);
}

/** @returns origins in normal form @throws {CommandFailure} */
export function checkOrigins(
  texts: readonly string[],
  { allowInsecureCallbacks: allowInsecure }: Rules,
): readonly string[] {
  return texts.map((text) => {
    if (text === ANY_ORIGIN && allowInsecure) return ANY_ORIGIN;
    const parsed = parseCallbackOrigin(text, { allowInsecure });
    if (parsed.ok) return parsed.origin;
    throw refused('--origin', rule(allowInsecure, 'scheme, host and port'), parsed.problem);
  });
}

function refused(option: string, requirement: string, problem: string): CommandFailure {
  return new CommandFailure(`${option} ${requirement}: ${problem.replaceAll('_', ' ')}`, 2);
}
