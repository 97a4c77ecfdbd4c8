import { resolve } from 'node:path';
import type { Stack } from './stack.ts';

/**
 * The lines about API key, webhook secret and operator key.
 *
 * @param printsKeys false where standard output is no terminal: a log is kept, and read by others. The files they stand
 * in are named then, by absolute path
 */
export function describeKeys(
  { client, keysPath, operator }: Pick<Stack, 'client' | 'keysPath' | 'operator'>,
  printsKeys: boolean,
): readonly string[] {
  const sealing =
    keysPath === null
      ? []
      : [`The sealing key is kept in ${resolve(keysPath)} (a deployment sets VERIQUEUE_KEYS)`];
  const clientFile = resolve(client.path);
  const forClient = printsKeys
    ? [
        `API key:        ${client.apiKey}`,
        `Webhook secret: ${client.webhookSecret}`,
        `Both are kept in ${clientFile}`,
      ]
    : [
        `API key:        apiKey of ${clientFile}`,
        `Webhook secret: webhookSecret of ${clientFile}`,
        'Keys are printed on a terminal only; VERIQUEUE_PRINT_KEYS=yes prints them here too',
      ];
  return [...forClient, ...describeOperatorKey(operator, printsKeys), ...sealing];
}

function describeOperatorKey({ key, path }: Stack['operator'], printsKeys: boolean): readonly string[] {
  if (path === null) return ['Operator key:   OPERATOR_KEY'];
  const file = resolve(path);
  return printsKeys
    ? [`Operator key:   ${key}`, `It is kept in ${file}`]
    : [`Operator key:   kept in ${file}`];
}
