/** Of the names that scripts complete, those of photos outside Redis. */
export const PHOTO_NAMES = {
  photosExpected: 'photos-expected',
  photosToDelete: 'photos-to-delete',
} as const;

/** Of `StoreKeys`, what is known of photos: how many are stored, which are about to be, and which lie outside Redis without a verification. */
export interface PhotoKeys {
  /** Hash: how many people's photos are stored now, and the peak. */
  photosStored(): string;
  /** Hash that expires: a sealed photo, within the transaction that accepts its verification. */
  arrivingPhoto(id: string): string;
  /**
   * Sorted set by the time (ms epoch) until which its verification may be accepted: photos that are being uploaded. Past that
   * time a photo goes to `photosToDelete`.
   */
  photosExpected(): string;
  /** Sorted set by the time (ms epoch) since which they are of no use: photos that the object store still has. */
  photosToDelete(): string;
  /** Hash that expires: an upload whose address a client has, and that no submission has taken. */
  upload(id: string): string;
  /** String that expires: a worker is deleting photos from the object store. */
  photosToDeleteTurn(): string;
}

/** @param tag what the store's keys begin with */
export function photoKeys(tag: string): PhotoKeys {
  return {
    photosStored: () => `${tag}:photos-stored`,
    arrivingPhoto: (id) => `${tag}:arriving-photo:${id}`,
    photosExpected: () => `${tag}:${PHOTO_NAMES.photosExpected}`,
    photosToDelete: () => `${tag}:${PHOTO_NAMES.photosToDelete}`,
    upload: (id) => `${tag}:upload:${id}`,
    photosToDeleteTurn: () => `${tag}:photos-to-delete-turn`,
  };
}
