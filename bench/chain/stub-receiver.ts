import { createServer } from 'node:http';
import { z } from 'zod';
import { listen } from './stub-server.ts';

/*
 * The receiver of the benchmark, a process of its own: answers 204 and counts events by their `webhook-id`. Asked
 * `{expect: n}`, it answers once n different events have come.
 */
const expectation = z.object({ expect: z.number().int().positive() });
const seen = new Set<string>();
let requests = 0;
let expected = Number.POSITIVE_INFINITY;

listen(
  createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(204).end();
      requests += 1;
      seen.add(String(request.headers['webhook-id']));
      if (seen.size < expected) return;
      expected = Number.POSITIVE_INFINITY;
      process.send?.({ events: seen.size, requests });
    });
  }),
);

process.on('message', (message) => {
  seen.clear();
  requests = 0;
  expected = expectation.parse(message).expect;
});
