import { type ClientChange, changeClient } from './change-client.ts';
import { type ClientIdentity, identifyClient, storedClient } from './client.ts';
import type { TestLane } from './test-client.ts';

type Followed = Pick<ClientChange, 'name' | 'allowedOrigins' | 'callbackUrl'>;
type Settings = Pick<ClientIdentity, keyof Followed>;

/**
 * What a change of a client changes of its twin in the test lane: origins that are added or taken away, and the callback URL as
 * long as the twin has the same one. So no test goes to an origin that was taken away, and what an operator has set for tests stays.
 */
export function followInTwin(client: Settings, twin: Settings, change: Followed): Followed {
  const { name, callbackUrl, allowedOrigins } = change;
  const follows = callbackUrl !== undefined && twin.callbackUrl === client.callbackUrl;
  return {
    ...(name === undefined ? {} : { name }),
    ...(follows ? { callbackUrl } : {}),
    ...(allowedOrigins === undefined
      ? {}
      : { allowedOrigins: mergeOrigins(client.allowedOrigins, twin.allowedOrigins, allowedOrigins) }),
  };
}

function mergeOrigins(before: readonly string[], own: readonly string[], after: readonly string[]): string[] {
  const kept = own.filter((origin) => after.includes(origin) || !before.includes(origin));
  const added = after.filter((origin) => !before.includes(origin));
  return [...new Set([...kept, ...added])];
}

/**
 * Changes the twin before its client is changed. If the process dies between the two, the same change does it again: it is computed
 * from what the client has.
 *
 * @param testKeys null: there is no test lane
 */
export async function changeTwin(
  { redis, keys, testKeys }: Omit<TestLane, 'testKeys'> & { readonly testKeys: TestLane['testKeys'] | null },
  clientId: string,
  change: ClientChange,
): Promise<void> {
  if (testKeys === null || testKeys.tag === keys.tag) return;
  const [client, twin] = await Promise.all(
    [keys, testKeys].map(async (lane) => storedClient.safeParse(await redis.hgetall(lane.client(clientId)))),
  );
  if (client?.data === undefined || twin?.data === undefined) return;
  const followed = followInTwin(identifyClient(client.data), identifyClient(twin.data), change);
  if (Object.keys(followed).length > 0) await changeClient(redis, testKeys, clientId, followed);
}
