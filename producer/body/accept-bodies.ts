import type { FastifyInstance, FastifyRequest } from 'fastify';
import { classifyJsonShape } from '../../shared/contract/json-shape.ts';
import { JSON_LIMITS, SMALL_BODY_BYTES } from '../http-limits.ts';
import { OPTIONAL_BODIES } from '../openapi/operations.ts';
import { ProblemError } from '../problem.ts';
import type { BodyBudget } from './body-budget.ts';
import { cutPhoto } from './cut-photo.ts';
import { type FormFault, type FormPart, parseMultipart } from './multipart.ts';
import { parseBoundary } from './part-head.ts';
import { readBody } from './read-body.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Longest form, in bytes; a route without it takes none. `bodyLimit` is that of JSON. */
    formBytes?: number;
  }
}

/** `request.body` of a form. A class of its own, which no JSON can pass for. */
export class ReceivedForm {
  readonly parts: readonly FormPart[];

  constructor(parts: readonly FormPart[]) {
    this.parts = parts;
  }
}

/** `request.body` of a submission in JSON whose photo never was a text: `fields` has an empty text in its place. */
export class JsonWithPhoto {
  readonly fields: unknown;
  readonly photo: Buffer;

  constructor(fields: unknown, photo: Buffer) {
    this.fields = fields;
    this.photo = photo;
  }
}

/** Requests without a client share this one's bytes: operators, and callers who try to become one. */
const NO_CLIENT = '';

type ParsingDone = (error: Error | null, body?: unknown) => void;

/**
 * The two kinds of body this API reads. Every other is refused unread. What a route does not limit by its `bodyLimit` is
 * limited to a few kilobytes.
 */
export function acceptBodies(
  app: FastifyInstance,
  { budget, stallMs }: { readonly budget: BodyBudget; readonly stallMs: number },
): void {
  app.removeAllContentTypeParsers();
  const read = async (request: FastifyRequest, limitBytes: number) => {
    const { bytes, hold } = await readBody(request.raw, {
      limitBytes,
      stallMs,
      budget,
      holder: request.client?.id ?? NO_CLIENT,
      onAdmitted: () => {
        request.sendContinue?.();
        request.sendContinue = null;
      },
    });
    request.bodyHold = hold;
    return bytes;
  };
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const parse = (request: FastifyRequest, bytes: Buffer, done: ParsingDone) => {
    const takesPhoto = request.routeOptions.config.formBytes !== undefined;
    const cut = takesPhoto ? cutPhoto(bytes) : null;
    if (cut === null) return parseJson(request, bytes.toString('utf8'), done);
    parseJson(request, cut.rest.toString('utf8'), (error, fields) => {
      // The error would count characters in what is left of the body.
      if (error !== null) parseJson(request, bytes.toString('utf8'), done);
      else done(null, new JsonWithPhoto(fields, cut.photo));
    });
  };
  app.addContentTypeParser('application/json', (request, _payload, done) => {
    if (takesNoBody(request)) return done(null, undefined);
    read(request, request.routeOptions.bodyLimit ?? SMALL_BODY_BYTES).then(
      (bytes) => {
        if (bytes.length === 0 && mayTakeNoBody(request)) done(null, undefined);
        else if (classifyJsonShape(bytes, JSON_LIMITS) === 'fits') parse(request, bytes, done);
        else done(new ProblemError('json_too_complex'));
      },
      (error: Error) => done(error),
    );
  });
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest) => {
    if (takesNoBody(request)) return undefined;
    const { formBytes } = request.routeOptions.config;
    if (formBytes === undefined) throw new ProblemError('unsupported_media_type');
    return parseForm(await read(request, formBytes), request.headers['content-type'] ?? '');
  });
  app.addContentTypeParser('*', (request, _payload, done) => {
    if (takesNoBody(request)) done(null, undefined);
    else done(new ProblemError('unsupported_media_type'));
  });
  app.addHook('onRequest', (request, { raw }, done) => {
    const expectation = request.headers.expect?.toLowerCase();
    if (expectation === '100-continue') request.sendContinue = () => raw.writeContinue();
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    request.bodyHold?.release();
    // Whether the body still comes is the client's choice (RFC 9110, section 10.1.1): what follows could be either.
    if (request.sendContinue !== null) reply.header('connection', 'close');
    done();
  });
}

/**
 * What means nothing is not read, of whatever type it is: the body of a DELETE (RFC 9110, section 9.3.5; signing out needs no key),
 * and that of an operation without one. Programs send `Content-Type: application/json` with every request.
 */
function takesNoBody({ method, routeOptions: { schema } }: FastifyRequest): boolean {
  return method === 'DELETE' || (schema?.operationId !== undefined && schema.body === undefined);
}

function mayTakeNoBody({ routeOptions: { schema } }: FastifyRequest): boolean {
  const id = schema?.operationId;
  return id !== undefined && OPTIONAL_BODIES.some((each) => each === id);
}

/** @throws {ProblemError} malformed_body, with the reason */
function parseForm(bytes: Buffer, contentType: string): ReceivedForm {
  const boundary = parseBoundary(contentType);
  if (boundary === null) {
    throw malformed({ code: 'form_boundary', detail: 'must name its boundary in the Content-Type' });
  }
  const parsing = parseMultipart(bytes, boundary);
  if (!parsing.ok) throw malformed(parsing.fault);
  return new ReceivedForm(parsing.parts);
}

function malformed({ code, detail }: FormFault): ProblemError {
  return new ProblemError('malformed_body', { errors: [{ pointer: '', code, detail }] });
}
