/** Whether photos can be read and written. `until`, in ms epoch, is when it is worth looking again. */
export type PhotoStoreState =
  | { readonly status: 'ready' }
  | { readonly status: 'away'; readonly reason: string; readonly until: number };

/** The store of photos does not answer, refuses, or is none that these settings name. Nothing is known of the photo. */
export class PhotoStoreUnavailable extends Error {
  override readonly name = 'PhotoStoreUnavailable';
  /** `timeout`, `ECONNREFUSED`, `503 SlowDown`, `403 AccessDenied`: no address and no secret. */
  readonly reason: string;
  /** `unknown_store`: these settings do not name where the photo is; those of another worker may. */
  readonly kind: 'away' | 'unknown_store';
  /** ms epoch: earlier, another try would be refused without being made. */
  readonly until: number;

  constructor(reason: string, until: number, kind: 'away' | 'unknown_store' = 'away') {
    super(`The photo store cannot be used: ${reason}`);
    this.reason = reason;
    this.until = until;
    this.kind = kind;
  }
}
