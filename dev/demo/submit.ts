import { z } from 'zod';
import { jsonText } from '../../shared/contract/json-text.ts';
import { problem } from '../../shared/contract/problem.ts';
import type { Case } from './cases.ts';
import type { Photo } from './photos.ts';

export interface SubmitterOptions {
  /** Of the producer. */
  readonly url: string;
  readonly apiKey: string;
  readonly callbackUrl: string;
  /** Aborts requests under way when the user has had enough. */
  readonly signal: AbortSignal;
}

export interface Submission {
  readonly demoCase: Case;
  readonly photo: Photo;
  readonly as: 'json' | 'form';
  readonly priority: 'interactive' | 'bulk';
  readonly idempotencyKey: string;
}

export interface Accepted {
  readonly id: string;
  /** It stood for a verification already. */
  readonly replayed: boolean;
}

const accepted = z.object({ id: z.string() });

/**
 * Submits over HTTP, as an application in any language would.
 *
 * @throws Error saying what was refused and why
 */
export async function submit(options: SubmitterOptions, submission: Submission): Promise<Accepted> {
  const { body, type } = submission.as === 'json' ? asJson(options, submission) : asForm(options, submission);
  const answer = await fetch(`${options.url}/v1/verifications`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.apiKey}`,
      'idempotency-key': submission.idempotencyKey,
      ...type,
    },
    body,
    signal: options.signal,
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(describeRefusal(answer.status, text, submission));
  return {
    id: accepted.parse(JSON.parse(text)).id,
    replayed: answer.headers.get('idempotent-replayed') === 'true',
  };
}

function fieldsOf({ callbackUrl }: SubmitterOptions, { demoCase, priority }: Submission) {
  return { idCard: demoCase.idCard, name: demoCase.name, reference: demoCase.purpose, priority, callbackUrl };
}

function asJson(options: SubmitterOptions, submission: Submission) {
  const imageBase64 = submission.photo.bytes.toString('base64');
  return {
    body: JSON.stringify({ ...fieldsOf(options, submission), imageBase64 }),
    type: { 'content-type': 'application/json' },
  };
}

function asForm(options: SubmitterOptions, submission: Submission) {
  const { photo } = submission;
  const body = new FormData();
  for (const [name, value] of Object.entries(fieldsOf(options, submission))) body.append(name, value);
  body.append('image', new Blob([new Uint8Array(photo.bytes)]), photo.name);
  return { body, type: {} };
}

function describeRefusal(status: number, text: string, { demoCase, photo }: Submission): string {
  const parsed = jsonText(problem).safeParse(text);
  const reasons = parsed.success
    ? [parsed.data.title, ...(parsed.data.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`)]
    : [`HTTP status ${status}`];
  return `"${demoCase.purpose}" with ${photo.name} was not accepted: ${reasons.join('; ')}`;
}
