import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { validateProxyVariables } from '../../worker/proxy-variables.ts';
import { programArguments } from '../support/compiled-program.ts';

const ENDPOINT = 'https://faceid.intl.tencentcloudapi.com';
const PROXY = 'http://user:secret@proxy.example:3128';
const named = (environment: Record<string, string>) =>
  validateProxyVariables(environment, ENDPOINT).map(({ variable }) => variable);

describe('a proxy of the environment', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])('%s is refused', (variable) => {
    expect(named({ [variable]: PROXY })).toEqual([variable]);
  });

  it.each([
    { HTTPS_PROXY: '' },
    { HTTP_PROXY: PROXY },
    { HTTPS_PROXY: PROXY, NO_PROXY: '*' },
    { HTTPS_PROXY: PROXY, NO_PROXY: 'localhost, .tencentcloudapi.com' },
    { HTTPS_PROXY: PROXY, no_proxy: 'faceid.intl.tencentcloudapi.com:443' },
    { HTTPS_PROXY: PROXY, FACEID_ENDPOINT: 'http://127.0.0.1:3001' },
  ])('is of no concern in %j', (environment) => {
    expect(named(environment)).toEqual([]);
  });

  it('is refused when NO_PROXY names another host', () => {
    expect(named({ HTTPS_PROXY: PROXY, NO_PROXY: 'cloudapi.com,example' })).toEqual(['HTTPS_PROXY']);
  });

  it('is reported by the worker beside its other mistakes, and not repeated', async () => {
    const { status, stderr } = spawnSync(process.execPath, await programArguments('worker/main'), {
      env: { PATH: process.env['PATH'], HTTPS_PROXY: PROXY, QUOTA_PER_SECOND: 'many' },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/ {2}HTTPS_PROXY must be unset, or NO_PROXY must name faceid/);
    expect(stderr).toContain('  QUOTA_PER_SECOND must ');
    expect(stderr).not.toContain('secret');
  }, 90_000);
});
