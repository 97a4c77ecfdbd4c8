import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAccounts } from '../../../shared/config/accounts-file.ts';
import { root } from '../../deployment/built-program.ts';
import { extractBlocks } from '../../docs/fenced-blocks.ts';

const credentials = { secretId: { env: 'ID' }, secretKey: { file: '/run/secrets/key' } };

const mistakesOf = (document: unknown): readonly string[] => {
  const parsed = parseAccounts(typeof document === 'string' ? document : JSON.stringify(document));
  return parsed.ok ? [] : parsed.mistakes;
};

it('the file that docs/accounts.md shows is read', () => {
  const page = 'docs/accounts.md';
  const blocks = extractBlocks(page, readFileSync(join(root, page), 'utf8'));
  const text = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
  const parsed = parseAccounts(text);
  expect(parsed).toMatchObject({
    ok: true,
    accounts: [
      { name: 'main', quota: 20, endpoint: 'https://faceid.intl.tencentcloudapi.com' },
      { name: 'guangzhou', quota: 50, weight: 10, region: 'ap-guangzhou' },
      { name: 'of-one-customer', quota: 5, clients: ['cli_01jqz3v8p4e7cvx0m5w2h9n6ra'] },
    ],
  });
});

it('a JSON file is read as YAML is', () => {
  expect(mistakesOf({ accounts: [{ name: 'main', credentials }] })).toEqual([]);
});

it('all mistakes of a file of accounts are reported at once, by their paths', () => {
  expect(
    mistakesOf({
      accounts: [
        {
          name: 'Main',
          credentials: { secretId: { env: 'A-B' }, secretKey: { file: 'relative' } },
          quota: 0,
        },
        { name: 'b', credentials, weight: -1, clients: [], color: 'red', endpoint: 'ftp://x' },
        { credentials: {}, livemode: 'yes' },
        { name: 'b', credentials, endpoint: 'https://gateway.example', region: 'Ap Guangzhou' },
        'c',
      ],
    }),
  ).toEqual([
    'accounts[0].name must be 1 to 32 lower-case letters, digits or hyphens',
    'accounts[0].credentials.secretId must be { env: NAME } or { file: /path }: the secret itself does not belong here',
    'accounts[0].credentials.secretKey must be { env: NAME } or { file: /path }: the secret itself does not belong here',
    'accounts[0].quota must be a whole number from 1 to 20000',
    expect.stringMatching(/^accounts\[1\]\.endpoint must be a URL with https:\/\//),
    'accounts[1].weight must be a number from 0 to 1000000',
    'accounts[1].clients must be a list of client ids, such as cli_01k…',
    'accounts[1] must not have the field color',
    'accounts[2].name must be set',
    'accounts[2].credentials.secretId must be set',
    'accounts[2].credentials.secretKey must be set',
    'accounts[2].livemode must be true or false',
    'accounts[3].region must be a region, such as ap-guangzhou',
    expect.stringMatching(/^accounts\[3\]\.livemode must be set for an endpoint/),
    'accounts[4] must be an account with name and credentials',
    'accounts[3].name must be its own: accounts[1] has it too',
  ]);
});

it('a secret in the file is a mistake, and is not repeated', () => {
  const text = `accounts:\n  - name: main\n    credentials: { secretId: AKIDsecret, secretKey: hunter2 }\n`;
  const mistakes = mistakesOf(text).join('\n');
  expect(mistakes).toContain('accounts[0].credentials.secretKey');
  expect(mistakes).not.toMatch(/AKIDsecret|hunter2/);
  const broken = mistakesOf('accounts:\n  - secretKey: "hunter2\n').join('\n');
  expect(broken).toMatch(/must be YAML or JSON/);
  expect(broken).not.toContain('hunter2');
});

it('accounts of the real service and of a sandbox are not put behind one queue', () => {
  const sandbox = { name: 'b', credentials, endpoint: 'http://127.0.0.1:3001' };
  expect(mistakesOf({ accounts: [{ name: 'a', credentials }, sandbox] })).toEqual([
    expect.stringMatching(/^accounts must be all real or all sandbox/),
  ]);
});

it.each([
  ['nothing', ''],
  ['a list', '[]'],
  ['no account', '{ "accounts": [] }'],
  ['other fields', '{ "accounts": [{}], "version": 1 }'],
])('a file of accounts with %s is refused', (_, text) => {
  expect(mistakesOf(text)).toEqual([expect.stringMatching(/^must have the field accounts alone/)]);
});
