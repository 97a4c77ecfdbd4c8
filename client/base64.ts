const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** By `atob`, because `Buffer` is Node's alone. @returns null for what is not padded Base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  return BASE64.test(text) ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0)) : null;
}

/** As a JWS and a JWK have it, without padding; null for what is not. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  const padded = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(text.length / 4) * 4, '=');
  return decodeBase64(padded);
}
