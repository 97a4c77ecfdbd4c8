import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { parseRedisUrl } from '../store/redis/address.ts';
import { UNIT_MS } from '../time-units.ts';

/**
 * The shapes that settings have. Each says in words what a value must be, and never repeats the value: it may be a
 * secret, also in the variable beside the one that was meant.
 */

const WHOLE = /^\d{1,15}$/;
const DECIMAL = /^\d{1,15}(\.\d{1,15})?$/;

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Digits only: `Number()` would also take `0x10`, `1e3` and a blank. */
export function wholeNumber({ min, max }: Range) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z.coerce
    .string()
    .regex(WHOLE, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

export function decimalNumber({ min, max }: Range) {
  const rule = `must be a number from ${min} to ${max}`;
  return z.coerce
    .string()
    .regex(DECIMAL, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

/** @param lowest 0 where the system may choose a free port */
export function port(lowest: 0 | 1 = 0) {
  return wholeNumber({ min: lowest, max: 65_535 });
}

/** One of a few words. */
export function choice<const T extends readonly [string, string, ...string[]]>(words: T) {
  return z.enum(words, { error: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}` });
}

const FLAGS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['true', '1', 'yes', 'on', 'y', 'enabled'].map((word) => [word, true])),
  ...Object.fromEntries(['false', '0', 'no', 'off', 'n', 'disabled'].map((word) => [word, false])),
};

/** Not `z.stringbool`: its issue ends the parsing, and rules about two settings would then not be reported. */
export const flag = z.string().transform((text, context) => {
  const value = FLAGS[text.toLowerCase()];
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'must be true or false' });
  return z.NEVER;
});

/** Durations as `500ms`, `30s`, `5m`, `2h`, `7d`; the value is ms. */
type Unit = keyof typeof UNIT_MS;
export type DurationText = `${number}${Unit}`;

function readDuration(text: string): number {
  const [, amount = '0', unit = 'ms'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  return Number(amount) * UNIT_MS[unit as Unit];
}

/** The bounds are part of the rule: a timer of more than 24 days fires at once, and one of 0 spins. */
export function duration({ min, max }: { readonly min: DurationText; readonly max: DurationText }) {
  const rule = `must be a duration from ${min} to ${max}, such as 500ms, 30s, 5m, 2h or 7d`;
  const [lowest, highest] = [readDuration(min), readDuration(max)];
  return z
    .string()
    .regex(/^\d{1,15}(ms|s|m|h|d)$/, rule)
    .transform(readDuration)
    .refine((ms) => ms >= lowest && ms <= highest, rule);
}

/** Several durations, separated by commas; the value is in ms. */
export function durations(bounds: { readonly min: DurationText; readonly max: DurationText; most: number }) {
  const rule = `must be 1 to ${bounds.most} durations separated by commas, each from ${bounds.min} to ${bounds.max}, such as 0s,5s,5m`;
  const one = duration(bounds);
  return z.string().transform((text, context) => {
    const parts = text.split(',').map((part) => one.safeParse(part.trim()));
    const read = parts.flatMap((part) => (part.success ? [part.data] : []));
    if (read.length === parts.length && read.length <= bounds.most) return read;
    context.addIssue({ code: 'custom', message: rule });
    return z.NEVER;
  });
}

/** A name or an address to listen on. */
export const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || /^(?!.*\.\.)[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text),
    'must be a host name or an IP address, without a scheme or a port',
  );

/**
 * What goes into a header or is compared byte by byte. A line end that came along from a file is the usual mistake:
 * with one, no request can be formed.
 */
export const secretText = z
  .string()
  .regex(
    /^[\x21-\x7e]{1,4096}$/,
    'must be 1 to 4096 printable ASCII characters without spaces and line ends',
  );

/** A secret that people choose: spaces may stand inside. */
function passphrase(least: number) {
  return z
    .string()
    .regex(
      new RegExp(`^(?=.{${least},1024}$)[\\x21-\\x7e][\\x20-\\x7e]*[\\x21-\\x7e]$`),
      `must be at least ${least} characters (1024 at most): printable ASCII, without spaces at its ends and line ends`,
    );
}

export const operatorKey = passphrase(24);

export const redisUrl = z.string().superRefine((text, context) => {
  try {
    parseRedisUrl(text);
  } catch (error) {
    // Its messages name the part that is wrong, and never the URL.
    const reason = error instanceof RangeError ? error.message.replace(/^The Redis URL /, '') : String(error);
    context.addIssue({ code: 'custom', message: reason });
  }
});

export const certificateFile = z
  .string()
  .refine(isCertificateFile, 'must be the path of a readable PEM file with a certificate');

function isCertificateFile(path: string): boolean {
  try {
    return new X509Certificate(readFileSync(path)).subject !== undefined;
  } catch {
    // Missing, unreadable and not a certificate have one remedy: another path.
    return false;
  }
}

export const privateKeyFile = z
  .string()
  .refine(
    isPrivateKeyFile,
    'must be the path of a readable PEM file with a private key that has no passphrase',
  );

function isPrivateKeyFile(path: string): boolean {
  try {
    return createPrivateKey(readFileSync(path)).type === 'private';
  } catch {
    // As for a certificate.
    return false;
  }
}

/** Where the upstream is: what a request could not be formed from, or would not reach it safely, is refused. */
export const upstreamEndpoint = z
  .string()
  .refine(
    isUpstreamEndpoint,
    'must be a URL with https:// (http:// for a loopback address only), without credentials, query and fragment',
  );

function isUpstreamEndpoint(text: string): boolean {
  return isPlainEndpoint(text) && (new URL(text).protocol === 'https:' || isLoopback(new URL(text).hostname));
}

/**
 * The same, or http:// for a sandbox in another container: whether it may be asked is a question of other settings too,
 * see `validatePlainHttp`.
 */
export const upstreamOrSandboxEndpoint = z
  .string()
  .refine(
    (text) => isUpstreamEndpoint(text) || (isPlainEndpoint(text) && isInternalHost(new URL(text).hostname)),
    'must be a URL with https:// (http:// for loopback, or for a sandbox on an internal host), without credentials, query and fragment',
  );

/** Where an object store is: only ciphertext and signatures go there, so that a neighbor may be spoken to in clear. */
export const storeEndpoint = z
  .string()
  .refine(
    (text) => isUpstreamEndpoint(text) || (isPlainEndpoint(text) && isInternalHost(new URL(text).hostname)),
    'must be a URL with https:// (http:// for loopback, or for an internal host), without credentials, query and fragment',
  );

function isPlainEndpoint(text: string): boolean {
  if (!URL.canParse(text) || /\s/.test(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return `${username}${password}${search}${hash}` === '' && /^https?:$/.test(protocol);
}

/** A name without a dot, as neighbors in a container network have, or a private address. */
function isInternalHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(address)) return ['private', 'uniqueLocal'].includes(ipaddr.parse(address).range());
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(hostname);
}

/** @param hostname as `URL` gives it: lower-case, IPv6 in brackets */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The address of an HTTP service. */
export const httpUrl = z.string().refine(isHttpUrl, 'must be a URL with http:// or https://');

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Addresses and CIDR ranges, separated by commas. */
export const addressRanges = z.string().transform((text, context) => {
  const ranges = text.split(',').map((range) => range.trim());
  if (text.trim() === '') return [];
  if (ranges.every(isAddressRange)) return ranges;
  context.addIssue({ code: 'custom', message: 'must be IP addresses and CIDR ranges, separated by commas' });
  return z.NEVER;
});

function isAddressRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}
