import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeySet, presentKeySet, verifyingKeysOf } from '../../../shared/signing/jwks.ts';
import { readJws, signJws } from '../../../shared/signing/jws.ts';
import {
  generateSigningKey,
  parseSigningKeys,
  type SigningKeys,
} from '../../../shared/signing/signing-keys.ts';

function parse(text: string): SigningKeys {
  const parsing = parseSigningKeys(text);
  if (!parsing.ok) throw new Error(parsing.errors.join('; '));
  return parsing.signingKeys;
}

function newest(text: string) {
  const key = parse(text).newest;
  if (key === null) throw new Error('No key of these can sign');
  return key;
}

describe('signing keys', () => {
  // RFC 8037, appendix A: a key, its public half and a signature.
  const seed = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url').toString('base64');

  it('are read as RFC 8037 has them', () => {
    expect(presentKeySet(parse(`rfc:${seed}`))).toEqual({
      keys: [
        {
          ...{ kty: 'OKP', crv: 'Ed25519', kid: 'rfc', alg: 'EdDSA', use: 'sig' },
          x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        },
      ],
    });
  });

  it('sign with the first that can, and publish all', () => {
    const [old, current] = [generateSigningKey(randomBytes), generateSigningKey(randomBytes)];
    const keys = parse(`${old.published}, ${current.secret}`);
    expect(keys.newest?.id).toBe(current.secret.split(':')[0]);
    expect(presentKeySet(keys).keys.map(({ kid }) => kid)).toEqual(keys.keys.map(({ id }) => id));
    expect(keys.keys).toHaveLength(2);
  });

  it('that are public halves alone sign nothing', () => {
    expect(parse(generateSigningKey(randomBytes).published).newest).toBeNull();
  });
});

describe('a JWS', () => {
  const { secret } = generateSigningKey(randomBytes);
  const key = newest(secret);
  const keys = parseKeySet(JSON.parse(JSON.stringify(presentKeySet(parse(secret))))) ?? new Map();
  const text = signJws(key, 'test+jws', { a: 1 });

  it('is verified with the published key', () => {
    expect(readJws(keys, 'test+jws', text)).toEqual({
      status: 'verified',
      keyId: key.id,
      payload: '{"a":1}',
    });
  });

  it('is refused when anything of it is changed', () => {
    const [head = '', body = '', signature = ''] = text.split('.');
    const other = Buffer.from('{"a":2}').toString('base64url');
    const none = Buffer.from('{"alg":"none","kid":"x","typ":"test+jws"}').toString('base64url');
    const statuses = [
      `${head}.${other}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${head}.${body}.`,
      `${none}.${body}.${signature}`,
      `${head}.${body}`,
      `${text}.x`,
      'x',
    ].map((changed) => readJws(keys, 'test+jws', changed).status);
    expect(statuses).toEqual([...Array(3).fill('wrong_signature'), ...Array(4).fill('malformed')]);
  });

  it('does not pass for a statement of another type, nor under an unknown key', () => {
    const others = verifyingKeysOf(parse(generateSigningKey(randomBytes).secret));
    expect(readJws(keys, 'other+jws', text).status).toBe('malformed');
    expect(readJws(others, 'test+jws', text).status).toBe('unknown_key');
  });
});
