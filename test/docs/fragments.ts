import type { FragmentRow } from './plan.ts';

/** What pieces of programs need around them to run, as the page has described it in words. */
export const fragments: readonly FragmentRow[] = [
  {
    page: 'docs/client.md',
    begins: 'const veriqueue = new Veriqueue({ url, apiKey });',
    before: `import { Veriqueue } from '@veriqueue/client';
const [url, apiKey] = ['http://127.0.0.1:3000', 'vq_0a1b2c'];
`,
  },
  {
    page: 'docs/client.md',
    begins: 'for await (const event of veriqueue.events(',
    before: `import { type FeedEntry, Veriqueue } from '@veriqueue/client';
const page = { data: [{ type: 'events.gone', from: 1, sequence: 2 }], nextAfter: 2, last: 2 };
const fetch = async () => Response.json(page);
const veriqueue = new Veriqueue({ url: 'http://127.0.0.1:3000', apiKey: 'vq_0a1b2c', fetch });
const { signal } = new AbortController();
const lastSequence = 0;
const store = async (event: FeedEntry) => process.exit(event.sequence === 2 ? 0 : 1);
`,
  },
  {
    page: 'docs/client.md',
    begins: 'const event = await verifyWebhook(body, request.headers, secret);',
    before: `import { Webhook } from 'standardwebhooks';
import { verifyWebhook } from '@veriqueue/client';
const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const body = '{"type":"webhook.test","timestamp":"2026-03-01T08:00:00.000Z","data":{"clientId":"cli_1"}}';
const at = new Date();
const request = {
  headers: {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  },
};
`,
  },
];
