/** "No more than 3M" of the API page, read as 3 MiB of Base64 text. */
export const MAX_PHOTO_BASE64_LENGTH = 3 * 1024 * 1024;

/** The most image bytes whose Base64 still fits: 2,359,296. */
export const MAX_PHOTO_BYTES = (MAX_PHOTO_BASE64_LENGTH / 4) * 3;
