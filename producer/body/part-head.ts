/** The headers of one part of a form (RFC 7578, section 4). */
export interface PartHead {
  readonly name: string;
  /** It has a filename, or says that it is bytes: a file, not a text. */
  readonly isFile: boolean;
  /** In lower case, without parameters. */
  readonly mediaType: string;
  /** Of a text; as the part names it. */
  readonly charset: string;
}

export type PartHeadParsing =
  | { readonly ok: true; readonly head: PartHead }
  | { readonly ok: false; readonly fault: { readonly code: string; readonly detail: string } };

/** Deprecated (RFC 7578, section 4.7); what is not encoded at all may say so. */
const PLAIN_ENCODINGS = ['7bit', '8bit', 'binary'];

/** @param text the header lines, without the empty line behind them */
export function parsePartHead(text: string): PartHeadParsing {
  const headers = parseHeaders(text);
  const disposition = parseParameters(headers.get('content-disposition') ?? '');
  if (disposition.value !== 'form-data') {
    const detail = 'must give each part a Content-Disposition of form-data, with a name';
    return { ok: false, fault: { code: 'part_disposition', detail } };
  }
  const name = disposition.parameters.get('name');
  if (name === undefined) {
    const detail = 'must give each part a name in its Content-Disposition';
    return { ok: false, fault: { code: 'part_name', detail } };
  }
  const encoding = (headers.get('content-transfer-encoding') ?? 'binary').trim().toLowerCase();
  if (!PLAIN_ENCODINGS.includes(encoding)) {
    const detail = 'must not encode a part: Content-Transfer-Encoding may only be 7bit, 8bit or binary';
    return { ok: false, fault: { code: 'part_encoding', detail } };
  }
  const type = parseParameters(headers.get('content-type') ?? 'text/plain');
  const hasFilename = ['filename', 'filename*'].some((key) => disposition.parameters.has(key));
  const isFile = hasFilename || type.value === 'application/octet-stream';
  const charset = type.parameters.get('charset') ?? 'utf-8';
  return { ok: true, head: { name, isFile, mediaType: type.value, charset } };
}

/** Of a header that comes twice, the first counts. */
function parseHeaders(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  // A line that begins with a space goes on the one before (RFC 5322, section 2.2.3).
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1));
  }
  return headers;
}

interface Parameterized {
  /** In lower case. */
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * `; name=token` or `; name="quoted"`, where a backslash before a quote or a backslash escapes it. No text can be read in
 * two ways, so what does not match fails in linear time.
 */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\["\\]|[^"\\]|\\(?!["\\]))*)"|([^\s;"]*))/g;

function parseParameters(header: string): Parameterized {
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, token = ''] of header.matchAll(PARAMETER)) {
    const name = key.toLowerCase();
    if (!parameters.has(name)) parameters.set(name, quoted?.replace(/\\(["\\])/g, '$1') ?? token);
  }
  const [value = ''] = header.split(';', 1);
  return { value: value.trim().toLowerCase(), parameters };
}

/** The boundary that a Content-Type names (RFC 2046, section 5.1.1); null when it names none that may be one. */
export function parseBoundary(contentType: string): string | null {
  const boundary = parseParameters(contentType).parameters.get('boundary') ?? '';
  return /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary) ? boundary : null;
}
