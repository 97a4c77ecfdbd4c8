import type { ElsewhereRow } from './plan.ts';

const CI = '.ci/run';

/** Every block that does not run in the test of the pages, with what carries it out instead. No row may be idle. */
export const elsewhere: readonly ElsewhereRow[] = [
  {
    page: 'README.md',
    begins: 'your application ── POST',
    reason: 'a drawing',
    executedBy: 'test/end-to-end/submission.test.ts',
  },
  {
    page: 'README.md',
    begins: 'npm ci && npm run demo',
    reason: 'needs the network, and installs',
    executedBy: CI,
  },
  {
    page: 'README.md',
    begins: 'npm start',
    reason: 'brings up what all pages are tried on, by this very block',
    executedBy: 'test/docs/reader-stack.ts',
  },
  {
    page: 'CONTRIBUTING.md',
    begins: 'npm ci',
    reason: 'would run this test again',
    executedBy: CI,
  },
  {
    page: 'docs/testing.md',
    begins: 'npm run storm',
    reason: 'takes minutes',
    executedBy: 'test/storm/storm.test.ts',
  },
  {
    page: 'sandbox/README.md',
    begins: 'npm run start:sandbox',
    reason: 'listens until it is stopped, where the sandbox of npm start does',
    executedBy: 'test/deployment/readme.test.ts',
  },
  {
    page: 'examples/receiver/README.md',
    begins: 'WEBHOOK_SECRET=whsec_…',
    reason: 'needs a PostgreSQL',
    executedBy: 'test/examples/receiver/receiver.test.ts',
  },
  {
    page: 'docs/operations.md',
    begins: 'ACL SETUSER',
    reason: 'Redis reads it, not a shell',
    executedBy: 'test/deployment/readme.test.ts',
  },
  {
    page: 'docs/going-live.md',
    begins: 'docker build --tag',
    reason: 'needs Docker',
    executedBy: 'deploy/try-containers.sh',
  },
  {
    page: 'docs/going-live.md',
    begins: 'made=$(docker compose',
    reason: 'needs Docker',
    executedBy: 'deploy/try-containers.sh',
  },
  {
    page: 'docs/going-live.md',
    begins: 'curl -sS http://127.0.0.1:3000/v1/verifications',
    reason: 'needs Docker',
    executedBy: 'deploy/try-containers.sh',
  },
  {
    page: 'docs/going-live.md',
    begins: 'docker compose -f docker-compose.sandbox.yml down',
    reason: 'needs Docker',
    executedBy: 'deploy/try-containers.sh',
  },
  {
    page: 'docs/upgrading.md',
    begins: 'docker compose up -d --remove-orphans',
    reason: 'needs Docker',
    executedBy: 'deploy/try-containers.sh',
  },
  {
    page: 'docs/going-live.md',
    begins: 'kubectl create secret',
    reason: 'needs a cluster',
    executedBy: 'test/deploy/chart.test.ts',
  },
  {
    page: 'deploy/kubernetes/README.md',
    begins: 'kubectl create secret',
    reason: 'needs a cluster',
    executedBy: 'test/deploy/chart.test.ts',
  },
  {
    page: 'deploy/kubernetes/README.md',
    begins: 'helm template',
    reason: 'needs Helm',
    executedBy: 'test/deploy/chart.test.ts',
  },
  {
    page: 'docs/cli.md',
    begins: 'veriqueue watch --url',
    reason: 'follows a deployment elsewhere: its arguments are parsed',
    executedBy: 'test/cli/docs.test.ts',
  },
  {
    page: 'docs/cli.md',
    begins: '{"found"',
    reason: 'an answer about more events than a test has',
    executedBy: 'test/cli/repair.test.ts',
  },
  {
    page: 'docs/cli.md',
    begins: '{"type":"webhook.test"',
    reason: 'the body of an event that its sender does not print',
    executedBy: 'test/cli/listen.test.ts',
  },
  {
    page: 'docs/client.md',
    begins: 'npm init',
    reason: 'installs the package into an empty folder',
    executedBy: 'test/deployment/client-package.test.ts',
  },
  {
    page: 'docs/client.md',
    begins: '/** Submits one photo',
    reason: 'runs in that folder',
    executedBy: 'test/deployment/client-package.test.ts',
  },
  {
    page: 'docs/client.md',
    begins: 'npx tsc',
    reason: 'runs in that folder',
    executedBy: 'test/deployment/client-package.test.ts',
  },
  {
    page: 'docs/library.md',
    begins: '/** Submits one photo straight into Redis',
    reason: 'runs where the package is installed, beside a Redis and a worker',
    executedBy: 'test/deployment/package.test.ts',
  },
  {
    page: 'docs/library.zh.md',
    begins: '/** Submits one photo straight into Redis',
    reason: 'runs where the package is installed, beside a Redis and a worker',
    executedBy: 'test/deployment/package.test.ts',
  },
  {
    page: 'docs/receiving.md',
    begins: 'POST /your/path',
    reason: 'shows the headers of a request',
    executedBy: 'test/worker/delivery/delivery-schedule.test.ts',
  },
  {
    page: 'docs/receiving.md',
    begins: 'BEGIN;',
    reason: 'outlines the transaction of the example receiver, which runs on a real PostgreSQL',
    executedBy: 'test/examples/receiver/receiver.test.ts',
  },
  {
    page: 'docs/sizing.md',
    begins: 'memory = ',
    reason: 'a formula',
    executedBy: 'test/bench/memory.test.ts',
  },
  {
    page: 'docs/ARCHITECTURE.md',
    begins: 'client/ ',
    reason: 'a picture of the folders',
    executedBy: 'test/deployment/documents.test.ts',
  },
  {
    page: 'docs/ARCHITECTURE.md',
    begins: 'queued · retrying',
    reason: 'a drawing',
    executedBy: 'test/shared/store/verifications/record-scripts.test.ts',
  },
];
