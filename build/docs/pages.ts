/** A page that users read, and what they come to it for. */
export interface DocumentedPage {
  /** From the root of the repository. */
  readonly path: string;
  readonly audience: 'decide' | 'integrate' | 'operate' | 'contribute';
  /** One sentence, or the end of "This page says …". */
  readonly answers: string;
}

/** Every page, in the order in which one reads them. A test finds pages that are missing here. */
export const PAGES: readonly DocumentedPage[] = [
  {
    path: 'README.md',
    audience: 'decide',
    answers: 'what Veriqueue is, how to try it in a minute, what it guarantees, when not to use it',
  },
  { path: 'docs/guarantees.md', audience: 'decide', answers: 'five guarantees and where each one ends' },
  {
    path: 'docs/how-it-works.md',
    audience: 'decide',
    answers: 'the parts, the states of a verification, a glossary of twelve words',
  },
  {
    path: 'docs/benchmarks.md',
    audience: 'decide',
    answers: 'measured figures beside plain BullMQ, with the commands',
  },
  {
    path: 'docs/tencent-cloud.md',
    audience: 'decide',
    answers: 'access to the upstream, endpoints for China and elsewhere, price, quota and how to raise it',
  },
  {
    path: 'docs/submitting.md',
    audience: 'integrate',
    answers: 'fields, rules for names, safe repeats, following a verification',
  },
  {
    path: 'docs/receiving.md',
    audience: 'integrate',
    answers: 'verifying a webhook, storing it once, the schedule of repeats',
  },
  {
    path: 'docs/outcomes.md',
    audience: 'integrate',
    answers:
      'each code of the upstream: verdict, what to do, whether it is billed, whether it is asked again',
  },
  {
    path: 'docs/errors.md',
    audience: 'integrate',
    answers: 'each problem code of the API, and what to do about it',
  },
  { path: 'docs/client.md', audience: 'integrate', answers: 'the TypeScript client' },
  {
    path: 'docs/library.md',
    audience: 'integrate',
    answers: 'submitting into Redis without HTTP, from Node.js',
  },
  {
    path: 'docs/batch.md',
    audience: 'integrate',
    answers: 'verifying a file of people from the command line',
  },
  { path: 'docs/testing.md', audience: 'integrate', answers: 'testing an integration, test people, faults' },
  {
    path: 'sandbox/README.md',
    audience: 'integrate',
    answers: 'the stand-in for the upstream and its test people',
  },
  {
    path: 'examples/README.md',
    audience: 'integrate',
    answers: 'programs that submit and receive in TypeScript, Python, Java, Go and PHP',
  },
  {
    path: 'examples/receiver/README.md',
    audience: 'integrate',
    answers: 'a complete receiver on PostgreSQL',
  },
  {
    path: 'docs/going-live.md',
    audience: 'operate',
    answers: 'what must be there before the first real verification',
  },
  { path: 'docs/configuration.md', audience: 'operate', answers: 'every setting, with a file to copy' },
  {
    path: 'docs/sizing.md',
    audience: 'operate',
    answers: 'how much Redis, how many processes, how much memory',
  },
  {
    path: 'docs/accounts.md',
    audience: 'operate',
    answers: 'several upstream accounts behind one queue',
  },
  {
    path: 'docs/photo-store.md',
    audience: 'operate',
    answers: 'photos in S3 or the like instead of Redis: settings, permissions, what happens when it is away',
  },
  {
    path: 'docs/fair-shares.md',
    audience: 'operate',
    answers: 'who is asked next when more waits than the quota lets through',
  },
  {
    path: 'docs/which-redis.md',
    audience: 'operate',
    answers: 'which Redis fits, Sentinel, Cluster and TLS, what a failover costs, what a 202 survives',
  },
  {
    path: 'docs/operations.md',
    audience: 'operate',
    answers: 'Redis, metrics, log events, restarts, backup',
  },
  { path: 'docs/runbook.md', audience: 'operate', answers: 'each alert: what clients notice, what to do' },
  { path: 'docs/console.md', audience: 'operate', answers: "the operators' page" },
  { path: 'docs/cli.md', audience: 'operate', answers: 'the command line' },
  {
    path: 'docs/epoch-keys.md',
    audience: 'operate',
    answers: 'keys that no backup holds, so that a copy of Redis opens nothing an hour later',
  },
  {
    path: 'docs/kms.md',
    audience: 'operate',
    answers: 'sealing keys that Tencent Cloud KMS, AWS KMS or Vault has encrypted',
  },
  {
    path: 'docs/api-keys.md',
    audience: 'operate',
    answers: 'keys that may do less, expire, or work from some addresses alone; test keys beside live ones',
  },
  { path: 'docs/rotating-secrets.md', audience: 'operate', answers: 'changing keys, secrets and passwords' },
  {
    path: 'docs/audit.md',
    audience: 'operate',
    answers: 'what others can verify: who did what, what was deleted and when',
  },
  { path: 'docs/upgrading.md', audience: 'operate', answers: 'updating, and going back' },
  { path: 'docs/tracing.md', audience: 'operate', answers: 'OpenTelemetry traces' },
  { path: 'deploy/kubernetes/README.md', audience: 'operate', answers: 'the plain manifests for Kubernetes' },
  {
    path: 'SECURITY.md',
    audience: 'operate',
    answers: 'what is protected against whom, and how to report a weakness',
  },
  { path: 'CHANGELOG.md', audience: 'operate', answers: 'what changed' },
  { path: 'CONTRIBUTING.md', audience: 'contribute', answers: 'the commands and rules for a change' },
  {
    path: 'docs/ARCHITECTURE.md',
    audience: 'contribute',
    answers: 'folders, states, keys, and what happens when something fails',
  },
];
