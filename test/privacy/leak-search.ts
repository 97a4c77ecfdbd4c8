/** A piece of what must not leak, under a name for the report. */
export interface Secret {
  readonly name: string;
  readonly bytes: Buffer;
}

/** One form in which a secret may stand somewhere. */
export interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Hit {
  readonly place: string;
  readonly secret: string;
  readonly form: string;
}

/** Every form in which a secret would be readable. Those that are the same for this secret are one needle. */
export function makeNeedles(secret: Secret): readonly Needle[] {
  const { bytes } = secret;
  const hex = bytes.toString('hex');
  const pairs = hex.match(/../g) ?? [];
  const list = [...bytes];
  const forms: Readonly<Record<string, Buffer | string>> = {
    clear: bytes,
    ...base64Forms(bytes),
    hex,
    'hex, upper-case': hex.toUpperCase(),
    'hex, spaced': pairs.join(' '),
    'hex, escaped': pairs.map((pair) => `\\x${pair}`).join(''),
    'percent-encoded': pairs.map((pair) => `%${pair}`).join(''),
    'percent-encoded, upper-case': pairs.map((pair) => `%${pair.toUpperCase()}`).join(''),
    'list of bytes': list.join(','),
    'list of bytes, spaced': list.join(', '),
    'UTF-8 read as Latin-1': Buffer.from(bytes.toString('latin1'), 'utf8'),
    ...jsonForms('bytes', bytes.toString('latin1')),
    ...textForms(bytes),
  };
  return deduplicate(
    Object.entries(forms).map(([form, value]) => ({
      secret: secret.name,
      form,
      bytes: typeof value === 'string' ? Buffer.from(value, 'utf8') : value,
    })),
  );
}

/**
 * In Base64 a secret looks different at each of the three places in a group where it may begin, and its first and last
 * characters depend on its neighbors; what does not is searched for.
 */
function base64Forms(bytes: Buffer): Record<string, string> {
  return Object.fromEntries(
    [0, 1, 2].flatMap((before) => {
      const whole = Buffer.concat([Buffer.alloc(before), bytes]);
      const from = Math.ceil((before * 8) / 6);
      const to = Math.floor((whole.length * 8) / 6);
      return (['base64', 'base64url'] as const).map((alphabet) => [
        `${alphabet}, ${before} bytes before it`,
        whole.toString(alphabet).slice(from, to),
      ]);
    }),
  );
}

/** `\uXXXX` for every UTF-16 unit; doubled backslashes are JSON within JSON. */
function jsonForms(of: string, text: string): Record<string, string> {
  const units = Array.from({ length: text.length }, (_, i) =>
    text.charCodeAt(i).toString(16).padStart(4, '0'),
  );
  return Object.fromEntries(
    ['\\', '\\\\'].flatMap((backslash) => [
      [`JSON-escaped ${of} ${backslash}`, units.map((unit) => `${backslash}u${unit}`).join('')],
      [
        `JSON-escaped ${of} ${backslash}, upper-case`,
        units.map((unit) => `${backslash}u${unit.toUpperCase()}`).join(''),
      ],
    ]),
  );
}

function textForms(bytes: Buffer): Record<string, Buffer | string> {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return {};
  return {
    'URL-encoded': encodeURIComponent(text),
    'form-encoded': encodeURIComponent(text).replaceAll('%20', '+'),
    'UTF-16': Buffer.from(text, 'utf16le'),
    ...jsonForms('text', text),
  };
}

/** Redis keeps an 18-digit number within its compact encodings as a 64-bit integer. */
export function makeIntegerNeedle(idCard: string): readonly Needle[] {
  if (!/^\d{18}$/.test(idCard)) return [];
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(idCard));
  return [{ secret: 'idCard', form: '64-bit integer', bytes }];
}

function deduplicate(needles: readonly Needle[]): readonly Needle[] {
  const seen = new Set<string>();
  return needles.filter(({ bytes }) => {
    const key = bytes.toString('latin1');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Every needle in every place, named once per place and form. */
export function searchLeaks(places: readonly Place[], needles: readonly Needle[]): readonly Hit[] {
  return places.flatMap((place) =>
    needles
      .filter((needle) => place.bytes.includes(needle.bytes))
      .map(({ secret, form }) => ({ place: place.name, secret, form })),
  );
}
