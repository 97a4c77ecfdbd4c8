/** The three things that are asked of an object store. S3 and what speaks like it are one; tests bring others. */
export interface ObjectStore {
  /** Puts an object. Again under the same name replaces it. @throws {ObjectStoreFailure} */
  put(name: string, bytes: Buffer): Promise<void>;
  /**
   * @param maxBytes one that is larger is cut there: it cannot be what was put
   * @returns null when no object has this name
   * @throws {ObjectStoreFailure}
   */
  get(name: string, maxBytes: number): Promise<Buffer | null>;
  /** Deletes an object; one that is gone already is no failure. @throws {ObjectStoreFailure} */
  delete(name: string): Promise<void>;
  /** An address that takes one object of exactly this size and type, without other credentials. */
  presignPut(
    name: string,
    object: { readonly bytes: number; readonly contentType: string; readonly seconds: number },
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
  close(): Promise<void>;
}

/**
 * - `away`: no answer, or one that another try may change.
 * - `refused`: an answer that only other settings or permissions would change.
 */
export class ObjectStoreFailure extends Error {
  override readonly name = 'ObjectStoreFailure';
  readonly kind: 'away' | 'refused';
  /** `timeout`, `ECONNREFUSED`, `503 SlowDown`, `403 AccessDenied`. */
  readonly reason: string;

  constructor(kind: 'away' | 'refused', reason: string, cause?: unknown) {
    super(`The object store did not do it: ${reason}`, { cause });
    this.kind = kind;
    this.reason = reason;
  }
}
