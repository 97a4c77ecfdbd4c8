import { createServer } from 'node:http';
import { listen } from './stub-server.ts';

/*
 * The upstream of the benchmark, a process of its own: reads each request to its end and says "match" at once. It checks
 * nothing; that is the sandbox's business.
 */
const answer = JSON.stringify({
  Response: {
    Sim: 89.88,
    Result: 'Success',
    Description: 'Matched',
    RequestId: 'a5e6cd5c-7d8d-4d0c-8f5e-0b7f9d2b6c11',
  },
});
const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(answer)) };

listen(
  createServer((request, response) => {
    request.resume();
    request.once('end', () => response.writeHead(200, headers).end(answer));
  }),
);
