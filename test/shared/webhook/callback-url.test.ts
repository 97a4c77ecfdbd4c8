import { describe, expect, test } from 'vitest';
import {
  type CallbackUrlProblem,
  matchesAllowedOrigin,
  parseCallbackOrigin,
  parseCallbackUrl,
} from '../../../shared/webhook/callback-url.ts';
import { tabulate } from '../../support/tabulate.ts';

const secure = { allowInsecure: false };
const insecure = { allowInsecure: true };

const spellingsOfThisNetwork = [
  // IPv4 in every base, width and number of parts
  'https://127.0.0.1/',
  'https://127.0.0.1:8443/hook',
  'https://127.1/',
  'https://127.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7F.0.0.1/',
  'https://0x7f.1/',
  'https://017700000001/',
  'https://0177.0.0.1/',
  'https://0000000177.0.0.1/',
  'https://0177.0x0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://0x.0x.0/',
  'https://127.0.0.1./',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1/',
  'https://10.1/',
  'https://192.168.1/',
  'https://100.64.0.1/',
  'https://255.255.255.255/',
  // digits and dots that only look different
  'https://①②⑦.⓪.⓪.①/',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'https://127．0．0．1/',
  'https://127｡0｡0｡1/',
  'https://𝟏𝟐𝟕.0.0.1/',
  'https://127%2e0%2e0%2e1/',
  'https://%31%32%37.0.0.1/',
  'https://127.0.0.1\u00ad/',
  // IPv6
  'https://[::]/',
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[0000:0000:0000:0000:0000:0000:0000:0001]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::FFFF:7F00:1]/',
  'https://[0:0:0:0:0:ffff:7f00:0001]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  // names that never leave
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
  'https://app.localhost/',
  'https://metadata.google.internal/',
  'https://metadata.google.internal./',
  'https://printer.local/',
  'https://router.home.arpa/',
  'https://redis/',
  'https://127.0.0.1../',
  'https://hooks..example.com/',
  'https://./',
];

const notUrls = [
  '',
  ' ',
  'hooks.example.com/x',
  '/x',
  '//hooks.example.com/x',
  'https://',
  'https:///',
  'https:hooks.example.com',
  'https:/hooks.example.com',
  'https:///hooks.example.com/',
  'https:\\\\hooks.example.com\\x',
  'https://hooks.example.com\\@127.0.0.1/',
  ' https://hooks.example.com/',
  'https://hooks.example.com/ ',
  'https://hooks.exa\tmple.com/',
  'https://hooks.exa\nmple.com/',
  'https://hooks.example.com/\u0000',
  'https://hooks.example.com/\u00a0',
  'https://hooks.example.com:99999/',
  'https://hooks.example.com:-1/',
  'https://1.2.3.4.5/',
  'https://127.0.0.256/',
  'https://4294967296/',
  'https://08.0.0.1/',
  'https://hooks.127/',
  'https://[::1%lo]/',
  'https://[::1%25lo]/',
  'https://[fe80::1%eth0]/',
  'https://[::1/',
  'https://[::g]/',
  'https://[127.0.0.1]/',
  'https://hooks.exa<mple.com/',
  'https://%00.example.com/',
];

const otherProblems: readonly (readonly [text: string, problem: CallbackUrlProblem])[] = [
  ['http://hooks.example.com/', 'insecure_scheme'],
  ['ftp://hooks.example.com/', 'insecure_scheme'],
  ['file:///etc/passwd', 'insecure_scheme'],
  ['gopher://hooks.example.com/', 'insecure_scheme'],
  ['javascript:alert(1)', 'insecure_scheme'],
  ['https://user@hooks.example.com/', 'has_credentials'],
  ['https://user:secret@hooks.example.com/', 'has_credentials'],
  ['https://:secret@hooks.example.com/', 'has_credentials'],
  ['https://hooks.example.com@127.0.0.1/', 'has_credentials'],
  ['https://hooks.example.com/#top', 'has_fragment'],
  ['https://hooks.example.com/#', 'has_fragment'],
  [`https://hooks.example.com/${'x'.repeat(2048)}`, 'too_long'],
];

const accepted: readonly (readonly [text: string, href: string, origin: string])[] = [
  ['https://hooks.example.com', 'https://hooks.example.com/', 'https://hooks.example.com'],
  ['HTTPS://Hooks.Example.COM/A?b=c', 'https://hooks.example.com/A?b=c', 'https://hooks.example.com'],
  ['https://hooks.example.com:443/a', 'https://hooks.example.com/a', 'https://hooks.example.com'],
  ['https://hooks.example.com:8443/a', 'https://hooks.example.com:8443/a', 'https://hooks.example.com:8443'],
  ['https://faß.example.com/', 'https://xn--fa-hia.example.com/', 'https://xn--fa-hia.example.com'],
  ['https://8.8.8.8/', 'https://8.8.8.8/', 'https://8.8.8.8'],
  ['https://134744072/', 'https://8.8.8.8/', 'https://8.8.8.8'],
  ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]'],
  ['https://mylocalhost.example/', 'https://mylocalhost.example/', 'https://mylocalhost.example'],
];

describe('parseCallbackUrl', () => {
  const parse = (text: string) => parseCallbackUrl(text, secure);

  test('refuses the host of this network in every spelling', () => {
    expect(tabulate(spellingsOfThisNetwork, parse)).toEqual(
      tabulate(spellingsOfThisNetwork, () => ({ ok: false, problem: 'forbidden_host' })),
    );
  });

  test('refuses what is no URL', () => {
    expect(tabulate(notUrls, parse)).toEqual(tabulate(notUrls, () => ({ ok: false, problem: 'not_a_url' })));
  });

  test('names any other problem of a URL', () => {
    const problems = new Map(otherProblems);
    expect(tabulate(problems.keys(), parse)).toEqual(
      tabulate(problems.keys(), (text) => ({ ok: false, problem: problems.get(text) })),
    );
  });

  test('accepts a public https URL, and normalizes it', () => {
    expect(accepted.map(([text]) => [text, parse(text)])).toEqual(
      accepted.map(([text, href, origin]) => [text, { ok: true, href, origin }]),
    );
  });

  test('lets http and private hosts through in development, and nothing else', () => {
    expect(parseCallbackUrl('http://localhost:4000/hook', insecure)).toMatchObject({ ok: true });
    expect(parseCallbackUrl('http://127.1:4000/hook', insecure)).toMatchObject({
      ok: true,
      href: 'http://127.0.0.1:4000/hook',
    });
    expect(parseCallbackUrl('ftp://localhost/', insecure)).toMatchObject({ problem: 'insecure_scheme' });
    expect(parseCallbackUrl('http://a:b@localhost/', insecure)).toMatchObject({ problem: 'has_credentials' });
    expect(parseCallbackUrl('http://localhost/#x', insecure)).toMatchObject({ problem: 'has_fragment' });
  });
});

describe('parseCallbackOrigin', () => {
  test('takes an origin in any spelling to its normal form', () => {
    expect(parseCallbackOrigin('https://Hooks.Example.com:443/', secure)).toMatchObject({
      ok: true,
      origin: 'https://hooks.example.com',
    });
  });

  test('refuses what is more than an origin', () => {
    const texts = [
      'https://hooks.example.com/a',
      'https://hooks.example.com/?a',
      'https://hooks.example.com?a',
      'https://*.example.com/x',
    ];
    expect(tabulate(texts, (text) => parseCallbackOrigin(text, secure))).toEqual(
      tabulate(texts, () => ({ ok: false, problem: 'not_a_url' })),
    );
  });
});

describe('matchesAllowedOrigin', () => {
  const allowedOrigins = ['https://hooks.example.com', 'https://example.org:8443'];

  test('compares the whole origin: scheme, host and port', () => {
    const expected = {
      'https://hooks.example.com/any/path?x=1': true,
      'https://hooks.example.com:443/': true,
      'https://HOOKS.example.com/': true,
      'https://example.org:8443/': true,
      'https://example.org/': false,
      'https://hooks.example.com:8443/': false,
      'https://hooks.example.com.evil.example/': false,
      'https://evil-hooks.example.com/': false,
      'https://a.hooks.example.com/': false,
      'https://hooks.example.com./': false,
    };
    const matches = (text: string) => {
      const parsed = parseCallbackUrl(text, secure);
      return parsed.ok && matchesAllowedOrigin(parsed, allowedOrigins);
    };
    // Each of them is a callback URL: no `false` above comes from one that does not parse.
    expect(Object.keys(expected).filter((text) => !parseCallbackUrl(text, secure).ok)).toEqual([]);
    expect(Object.fromEntries(Object.keys(expected).map((text) => [text, matches(text)]))).toEqual(expected);
  });

  test('an http URL never matches an https origin', () => {
    const parsed = parseCallbackUrl('http://hooks.example.com/', insecure);
    if (!parsed.ok) throw new Error('Cannot test: the URL must parse');
    expect(matchesAllowedOrigin(parsed, allowedOrigins)).toBe(false);
  });

  test('without a registered origin nothing matches', () => {
    expect(matchesAllowedOrigin({ origin: 'https://hooks.example.com' }, [])).toBe(false);
  });
});
