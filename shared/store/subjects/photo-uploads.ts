export interface Upload {
  readonly photoId: string;
  /** Takes one `PUT` of exactly these headers and as many bytes, from any client of HTTP, until it expires. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** ms epoch */
  readonly expiresAt: number;
}

/** An upload that belongs to one submission. One of the last two follows. */
export interface TakenUpload {
  /** Null when nothing was uploaded. @throws {PhotoStoreUnavailable} */
  read(): Promise<Buffer | null>;
  /** Its verification is accepted: what was uploaded is of no use any more. */
  finish(): Promise<void>;
  /** Its submission was refused: another may use it. */
  giveBack(): Promise<void>;
}

/** Photos that clients send past this program, into the store itself. */
export interface PhotoUploads {
  create(clientId: string, photo: { readonly bytes: number; readonly contentType: string }): Promise<Upload>;
  /** @returns null for one that is unknown, another client's, taken or expired */
  take(clientId: string, photoId: string): Promise<TakenUpload | null>;
}
