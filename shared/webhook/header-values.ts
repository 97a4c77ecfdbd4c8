/**
 * Headers as Node and undici deliver them: absent, one value, or one value per line on which the sender repeated the name.
 * Their own types promise a string for many names, which is what the RFC allows and not what a sender does.
 */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Every value that was sent under a name, in the order in which they came; none when the header is absent. */
export function readHeaderValues(headers: ReceivedHeaders, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
