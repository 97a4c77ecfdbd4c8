import { type Command, Option } from 'commander';
import type { NewApiKey } from '../shared/contract/api-key.ts';
import { API_KEY_SCOPES, type ApiKeyScope } from '../shared/contract/api-key-scope.ts';
import { collect, parseDuration } from './arguments.ts';

/** The limits of a new API key. */
export interface KeyOptions {
  readonly scope?: readonly ApiKeyScope[];
  /** ms */
  readonly expiresIn?: number;
  readonly from?: readonly string[];
}

/** @param unlessGiven what the key may do without `--scope` */
export function addKeyOptions(command: Command, unlessGiven: string): Command {
  return command
    .addOption(
      new Option('--scope <scope...>', `what the key may do; ${unlessGiven} unless given`).choices(
        API_KEY_SCOPES,
      ),
    )
    .option('--expires-in <duration>', 'refuse the key after so long, such as 90d', parseDuration)
    .option('--from <address...>', 'an IP address or CIDR range that the key may be used from', collect);
}

/** @param now ms epoch */
export function readKeyOptions({ scope, expiresIn, from }: KeyOptions, now: number): NewApiKey {
  return {
    ...(scope === undefined ? {} : { scopes: [...new Set(scope)] }),
    ...(expiresIn === undefined ? {} : { expiresAt: new Date(now + expiresIn).toISOString() }),
    ...(from === undefined ? {} : { addresses: [...from] }),
  };
}
