/** One complete HTTP request as it stood on the wire; nothing in it has been decoded or trusted yet. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Everything after the first `?`, still percent-encoded, without the `?`. */
  readonly query: string;
  /** Header values by lower-case name; repeated headers are joined as HTTP asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Ms epoch at which the last byte of the request was there. */
  readonly arrivedAt: number;
}

/** The host as a signer may have seen it: exactly as sent, and without the port, which several SDKs leave out. */
export function hostVariants(request: WireRequest): readonly string[] {
  const host = request.headers['host'] ?? '';
  const bare = host.replace(/:\d+$/, '');
  return bare === host ? [host] : [host, bare];
}
