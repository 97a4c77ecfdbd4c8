import { z } from 'zod';
import { MAX_PHOTO_BYTES } from './photo-limits.ts';

/** `POST /v1/photos`. */
export const uploadRequest = z
  .strictObject({
    bytes: z.number().int().min(1).max(MAX_PHOTO_BYTES).describe('how many the photo has'),
    contentType: z.enum(['image/jpeg', 'image/png']).default('image/jpeg'),
  })
  .meta({ id: 'UploadRequest' });

export const photoUpload = z
  .strictObject({
    photoId: z.string().describe('what a submission names the photo by, once it is uploaded'),
    uploadUrl: z.string().describe('takes the photo by PUT, without an API key'),
    headers: z.record(z.string(), z.string()).describe('that the PUT must have, as they are'),
    expiresAt: z.iso.datetime().describe('until when it can be uploaded and submitted'),
  })
  .meta({ id: 'PhotoUpload' });
export type PhotoUpload = z.infer<typeof photoUpload>;
