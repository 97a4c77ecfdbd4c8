/** What a receiver asks the sender for beside the signature, in clear. It must be in no log and no error. */
export interface ClientAuth {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Shown to a receiver that asks for a certificate of the sender (mutual TLS). */
  readonly clientCertificate: ClientCertificate | null;
}

export interface ClientCertificate {
  /** PEM, with the chain behind it. */
  readonly certificate: string;
  /** PEM */
  readonly key: string;
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string;
  /** ms epoch */
  readonly expiresAt: number;
}
