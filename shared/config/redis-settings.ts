import { certificateFile, host, privateKeyFile, redisUrl, secretText } from './shapes.ts';

/** What every process and the command line read to connect to Redis. */
export const redisSettings = {
  REDIS_URL: redisUrl.meta({
    description:
      'The Redis to use: `redis[s]://[user:password@]host[:port][/database]`, `redis[s]+sentinel://…@host,host/name`, `redis[s]+cluster://…@host,host` or `unix:///path`. [Which Redis](which-redis.md) has each. A process does not start when the server lacks that database. `npm start` runs a Redis of its own when this is unset.',
    allowed: 'a Redis URL',
  }),
  REDIS_CA_FILE: certificateFile
    .optional()
    .describe('The authority to trust for TLS (`rediss…`), instead of the authorities of the system.'),
  REDIS_CERT_FILE: certificateFile
    .optional()
    .describe('The certificate that Redis asks of its clients, for a Redis with `tls-auth-clients yes`.'),
  REDIS_KEY_FILE: privateKeyFile.optional().describe('The private key of `REDIS_CERT_FILE`.'),
  REDIS_TLS_SERVERNAME: host
    .optional()
    .describe('The name in the certificate of Redis, where it is not the address that is connected to.'),
  REDIS_SENTINEL_USERNAME: secretText
    .optional()
    .describe('The user that sentinels know. The one in `REDIS_URL` is for Redis itself.'),
  REDIS_SENTINEL_PASSWORD: secretText
    .optional()
    .describe('The password that sentinels ask for. The one in `REDIS_URL` is for Redis itself.'),
};
