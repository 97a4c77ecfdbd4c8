/** Submits one photo: node submit.mjs (json|form) ID_CARD NAME PHOTO REFERENCE */
import { readFile } from 'node:fs/promises';
import { ApiError, Veriqueue } from '@veriqueue/client';

const { VERIQUEUE_URL = 'http://127.0.0.1:3000', VERIQUEUE_API_KEY = '', CALLBACK_URL } = process.env;
const [form, idCard = '', name = '', path = '', reference = ''] = process.argv.slice(2);
const veriqueue = new Veriqueue({ url: VERIQUEUE_URL, apiKey: VERIQUEUE_API_KEY });

try {
  const { verification, replayed } = await veriqueue.submit({
    idCard,
    name,
    reference,
    callbackUrl: CALLBACK_URL,
    // A path goes as a form, which is smaller; Base64 goes as JSON.
    photo: form === 'json' ? { base64: await readFile(path, 'base64') } : path,
    // The same key again if this program runs again, so that each person is asked about once.
    idempotencyKey: reference,
  });
  process.stdout.write(`${verification.id} ${verification.status}${replayed ? ' replayed' : ''}\n`);
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  process.stdout.write(`${error.status} ${error.code}\n`);
  for (const { pointer, code, detail } of error.errors)
    process.stdout.write(`${pointer} ${code}: ${detail}\n`);
  process.exitCode = 1;
}
