import { type ApiError, apiErrors } from './api-error.ts';
import type { Credentials, SignatureCheck } from './credentials.ts';
import { actionParameters, type FormParameters, parseForm } from './form-parameters.ts';
import { checkTc3 } from './tc3-check.ts';
import { checkV1 } from './v1-check.ts';
import type { WireRequest } from './wire-request.ts';

/** The one product, action and version that the sandbox stands in for. */
const SERVICE = 'faceid';
const ACTION = 'ImageRecognitionV2';
const VERSION = '2018-03-01';

/** A call that the gateway lets through to the action; its parameters are decoded but not yet checked. */
export type SignedCall =
  | { readonly kind: 'call'; readonly parameters: unknown }
  | { readonly kind: 'refused'; readonly error: ApiError };

interface Envelope {
  readonly action: string | undefined;
  readonly version: string | undefined;
  readonly check: () => SignatureCheck;
  readonly parameters: () => SignedCall;
}

function refused(error: ApiError): SignedCall {
  return { kind: 'refused', error };
}

function jsonParameters(body: Buffer): SignedCall {
  try {
    return { kind: 'call', parameters: JSON.parse(body.toString('utf8')) };
  } catch {
    return refused(apiErrors.malformedJson);
  }
}

function tc3Parameters(request: WireRequest): SignedCall {
  if (request.method === 'GET') {
    const form = parseForm(request.query);
    return form === undefined
      ? refused(apiErrors.malformedForm)
      : { kind: 'call', parameters: actionParameters(form) };
  }
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('multipart/')) return refused(apiErrors.multipartNotSupported);
  return jsonParameters(request.body);
}

function tc3Envelope(request: WireRequest, credentials: Credentials): Envelope {
  return {
    action: request.headers['x-tc-action'],
    version: request.headers['x-tc-version'],
    check: () => checkTc3(request, credentials, request.arrivedAt),
    parameters: () => tc3Parameters(request),
  };
}

function v1Envelope(request: WireRequest, form: FormParameters, credentials: Credentials): Envelope {
  return {
    action: form.get('Action'),
    version: form.get('Version'),
    check: () => checkV1(request, form, credentials, request.arrivedAt),
    parameters: () => ({ kind: 'call', parameters: actionParameters(form) }),
  };
}

function envelopeOf(request: WireRequest, credentials: Credentials): Envelope | ApiError {
  const isTc3 = 'authorization' in request.headers || 'x-tc-action' in request.headers;
  if (isTc3) return tc3Envelope(request, credentials);
  const form = parseForm(request.method === 'GET' ? request.query : request.body.toString('utf8'));
  return form === undefined ? apiErrors.malformedForm : v1Envelope(request, form, credentials);
}

/**
 * Everything the API gateway judges before the action itself sees the call: method, signature (v3 or v1), version and action.
 */
export function readSignedCall(request: WireRequest, credentials: Credentials): SignedCall {
  if (request.method !== 'GET' && request.method !== 'POST') return refused(apiErrors.unsupportedProtocol);
  const envelope = envelopeOf(request, credentials);
  if ('code' in envelope) return refused(envelope);
  if (envelope.action === undefined) return refused(apiErrors.missingParameter('Action'));
  if (envelope.version === undefined) return refused(apiErrors.missingParameter('Version'));
  const checked = envelope.check();
  if (checked.kind === 'refused') return checked;
  if (envelope.version !== VERSION) return refused(apiErrors.noSuchVersion(envelope.version, SERVICE));
  if (envelope.action !== ACTION) {
    return refused(apiErrors.invalidAction(envelope.action, SERVICE, envelope.version));
  }
  return envelope.parameters();
}
