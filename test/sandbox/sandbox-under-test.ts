import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/app.ts';

export const SECRET_ID = 'sandbox-secret-id';
export const SECRET_KEY = 'sandbox-secret-key';

/** A photo as far as the sandbox looks at one: the first bytes of a JPEG. */
export const JPEG_BASE64 = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(96)]).toString(
  'base64',
);

export function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return createSandbox({
    host: '127.0.0.1',
    port: 0,
    secretId: SECRET_ID,
    secretKey: SECRET_KEY,
    quotaPerSecond: 1_000_000,
    ...options,
  });
}
