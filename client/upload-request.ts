import type { ApiRequest } from './request.ts';

/** A photo that another device sends: its exact size, and its type. */
export interface UploadOf {
  readonly bytes: number;
  /** @default image/jpeg */
  readonly contentType?: 'image/jpeg' | 'image/png';
}

export function uploadRequest({ bytes, contentType = 'image/jpeg' }: UploadOf) {
  return {
    doing: 'get an address for a photo',
    method: 'POST',
    path: 'v1/photos',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ bytes, contentType }),
  } as const satisfies Partial<ApiRequest>;
}
