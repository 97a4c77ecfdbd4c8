import { expect, test } from 'vitest';
import { environmentOf } from '../../../dev/start/process-environment.ts';

const environment = {
  PATH: '/usr/bin',
  LC_ALL: 'C.UTF-8',
  https_proxy: 'http://127.0.0.1:3128',
  NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
  LOG_LEVEL: 'warn',
  REDIS_URL: 'redis://127.0.0.1',
  VERIQUEUE_KEYS: 'k1:a',
  OPERATOR_KEY: 'an-operator-key',
  TENCENTCLOUD_SECRET_ID: 'an-account',
  TENCENTCLOUD_SECRET_KEY: 'its-key',
  SANDBOX_SECRET_KEY: 'sandbox-key',
  VERIQUEUE_API_KEY: 'vq_1',
  GITHUB_TOKEN: 'a-token',
  AWS_SECRET_ACCESS_KEY: 'another',
};
const shared = [
  'PATH',
  'LC_ALL',
  'https_proxy',
  'NODE_EXTRA_CA_CERTS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'LOG_LEVEL',
];

test.each([
  ['producer', ['REDIS_URL', 'VERIQUEUE_KEYS', 'OPERATOR_KEY']],
  ['worker', ['REDIS_URL', 'VERIQUEUE_KEYS', 'TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY']],
  ['sandbox', ['SANDBOX_SECRET_KEY']],
] as const)('the %s gets the settings that it reads, and no other secret', (part, own) => {
  expect(Object.keys(environmentOf(part, environment)).toSorted()).toEqual([...shared, ...own].toSorted());
});
