import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { RedisTarget } from '../store/open-redis.ts';
import { parseRedisUrl } from '../store/redis/address.ts';
import { areRead, report } from './cross-checks.ts';

/** As every process and the command line read them. */
export interface RedisTargetSettings {
  readonly REDIS_URL: string;
  readonly REDIS_CA_FILE?: string | undefined;
  readonly REDIS_CERT_FILE?: string | undefined;
  readonly REDIS_KEY_FILE?: string | undefined;
  readonly REDIS_TLS_SERVERNAME?: string | undefined;
  readonly REDIS_SENTINEL_USERNAME?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD?: string | undefined;
}

/** The settings of a connection, as `openRedis` takes them. */
export function redisTargetOf(settings: RedisTargetSettings): RedisTarget {
  return {
    url: settings.REDIS_URL,
    caFile: settings.REDIS_CA_FILE,
    certFile: settings.REDIS_CERT_FILE,
    keyFile: settings.REDIS_KEY_FILE,
    tlsServername: settings.REDIS_TLS_SERVERNAME,
    sentinelUsername: settings.REDIS_SENTINEL_USERNAME,
    sentinelPassword: settings.REDIS_SENTINEL_PASSWORD,
  };
}

const FOR_TLS = [
  'REDIS_CA_FILE',
  'REDIS_CERT_FILE',
  'REDIS_KEY_FILE',
  'REDIS_TLS_SERVERNAME',
] as const satisfies readonly (keyof RedisTargetSettings)[];

const FOR_SENTINELS = [
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
] as const satisfies readonly (keyof RedisTargetSettings)[];

/** A setting that would be ignored is refused: an authority for a connection without TLS would protect nothing. */
export function checkRedisTarget(settings: RedisTargetSettings, context: z.RefinementCtx): void {
  if (!areRead(context, 'REDIS_URL')) return;
  const address = parseRedisUrl(settings.REDIS_URL);
  const refuse = (variables: readonly (keyof RedisTargetSettings)[], rule: string) => {
    for (const variable of variables) {
      if (settings[variable] !== undefined) report(context, variable, rule);
    }
  };
  if (address.kind === 'socket' || !address.tls) {
    refuse(FOR_TLS, 'must be unset unless REDIS_URL begins with rediss');
  }
  if (address.kind !== 'sentinel') {
    refuse(
      FOR_SENTINELS,
      'must be unset unless REDIS_URL begins with redis+sentinel:// or rediss+sentinel://',
    );
  }
  checkKeyPair(settings, context);
}

function checkKeyPair(
  { REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key }: RedisTargetSettings,
  context: z.RefinementCtx,
): void {
  if (!areRead(context, 'REDIS_CERT_FILE', 'REDIS_KEY_FILE')) return;
  if (cert !== undefined && key === undefined) {
    report(context, 'REDIS_KEY_FILE', 'must be set with REDIS_CERT_FILE: its private key');
  } else if (cert === undefined && key !== undefined) {
    report(context, 'REDIS_CERT_FILE', 'must be set with REDIS_KEY_FILE: the certificate of that key');
  } else if (cert !== undefined && key !== undefined) {
    const fits = new X509Certificate(readFileSync(cert)).checkPrivateKey(createPrivateKey(readFileSync(key)));
    if (!fits)
      report(context, 'REDIS_KEY_FILE', 'must be the private key of the certificate in REDIS_CERT_FILE');
  }
}
