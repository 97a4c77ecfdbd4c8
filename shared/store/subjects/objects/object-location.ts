/** Where an object is: `s3://<bucket>/<name>`. */
export interface ObjectLocation {
  readonly bucket: string;
  readonly name: string;
}

/** A bucket's name, as every S3-compatible store takes it. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Without anything that a URL spells otherwise: a signature counts over the spelling. */
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/;

/** One bucket, and what all names in it begin with: empty, or with `/` at its end. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly prefix: string;
}

/** @returns null for a text that is not `s3://bucket` or `s3://bucket/prefix` */
export function parseObjectPlace(text: string): ObjectPlace | null {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(text) ?? [];
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  return BUCKET.test(bucket) && !bucket.includes('..') && PREFIX.test(prefix) && prefix.length <= 200
    ? { bucket, prefix }
    : null;
}

export function spellLocation({ bucket, name }: ObjectLocation): string {
  return `s3://${bucket}/${name}`;
}

/**
 * The name of an object in a place, or null when it lies elsewhere: only what the settings name is read and deleted, whatever
 * a record says.
 */
export function nameWithin({ bucket, prefix }: ObjectPlace, location: string): string | null {
  const start = `s3://${bucket}/`;
  if (!location.startsWith(`${start}${prefix}`)) return null;
  return location.slice(start.length);
}
