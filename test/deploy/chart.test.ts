import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { producerEnvironment } from '../../producer/settings.ts';
import { parseEnvironment } from '../../shared/config/environment.ts';
import { STOP_GRACE_MS } from '../../worker/run-worker.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { root } from '../deployment/built-program.ts';
import { findOutsideTool } from '../support/outside-tool.ts';
import { CHART, committedManifests, deploymentOf, parseManifests } from './manifests.ts';

const helm = findOutsideTool('helm', ['version'], 'https://helm.sh/docs/intro/install/');

const secrets = {
  REDIS_URL: 'redis://:password@redis:6379',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
};
const schemas = { producer: producerEnvironment, worker: workerEnvironment };
const secretsOf = {
  producer: secrets,
  worker: { ...secrets, TENCENTCLOUD_SECRET_ID: 'id', TENCENTCLOUD_SECRET_KEY: 'key' },
};
const manifests = parseManifests(committedManifests);
const processes = ['producer', 'worker'] as const;
const podOf = (name: 'producer' | 'worker') => deploymentOf(manifests, name).spec.template.spec;

describe('the manifests for Kubernetes', () => {
  it.each(processes)('give the %s an environment that it accepts', (name) => {
    const [{ env }] = podOf(name).containers;
    const given = Object.fromEntries(env.map(({ name: variable, value }) => [variable, value]));
    expect(Object.keys(given).filter((variable) => !(variable in schemas[name].shape))).toEqual([]);
    expect(() => parseEnvironment(schemas[name], { ...secretsOf[name], ...given })).not.toThrow();
  });

  it.each(processes)('do not let a Service of the namespace set a variable of the %s', (name) => {
    expect(podOf(name).enableServiceLinks).toBe(false);
  });

  it('give producers a Secret of their own, without the account', () => {
    const names = processes.map((name) =>
      podOf(name).containers[0].envFrom.map(({ secretRef }) => secretRef.name),
    );
    expect(names).toEqual([['veriqueue-producer'], ['veriqueue-worker']]);
  });

  it.each(processes)('leave the %s time to drain after its endpoints are gone', (name) => {
    const { terminationGracePeriodSeconds, containers } = podOf(name);
    const [, preStop] = containers[0].lifecycle.preStop.exec.command;
    const { SHUTDOWN_DEADLINE } = parseEnvironment(workerEnvironment, secretsOf.worker);
    expect(Number(preStop)).toBeGreaterThanOrEqual(5);
    const needed = SHUTDOWN_DEADLINE + STOP_GRACE_MS;
    expect((terminationGracePeriodSeconds - Number(preStop)) * 1000).toBeGreaterThan(needed);
  });

  it('keep producers in their Service while Redis is away', () => {
    const [{ readinessProbe }] = podOf('producer').containers;
    expect(readinessProbe.httpGet.path).toBe('/livez');
  });

  it.each(processes)('run the %s as a numbered user that can write nowhere', (name) => {
    const { securityContext, containers, automountServiceAccountToken } = podOf(name);
    expect(securityContext).toEqual(expect.objectContaining({ runAsNonRoot: true, runAsUser: 1000 }));
    expect(containers[0].securityContext.readOnlyRootFilesystem).toBe(true);
    expect(automountServiceAccountToken).toBe(false);
    expect(containers[0].resources.limits).toHaveProperty('memory');
  });

  it('name the version of this package as the image', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(processes.map((name) => podOf(name).containers[0].image)).toEqual([
      `veriqueue:${version}`,
      `veriqueue:${version}`,
    ]);
    const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
    expect([chart['version'], chart['appVersion']]).toEqual([version, version]);
  });

  it('keep one of each kind through a drain of nodes', () => {
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets.map(({ metadata }) => metadata.name)).toEqual(['veriqueue-producer', 'veriqueue-worker']);
  });
});

describe.skipIf(!helm.isPresent)('the chart', () => {
  const template = async (...values: string[]) => {
    const { code, output } = await helm.run([
      'template',
      'veriqueue',
      CHART,
      ...values.flatMap((each) => ['--set', each]),
    ]);
    return { code, output };
  };

  it('passes its linter', async () => {
    expect(await helm.run(['lint', '--strict', CHART])).toMatchObject({ code: 0 });
  });

  it('makes the committed manifests', async () => {
    expect((await template()).output).toBe(committedManifests);
  });

  it('scales producers by load, and never workers', async () => {
    const { output } = await template('producer.autoscaling.enabled=true');
    const scaled = parseManifests(output).filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    expect(scaled.map(({ spec }) => spec?.['scaleTargetRef'])).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'veriqueue-producer' },
    ]);
    expect(deploymentOf(parseManifests(output), 'producer').spec.replicas).toBeUndefined();
  });

  it('scrapes under job names that the alert rules look for', async () => {
    const { output } = await template('podMonitor.enabled=true');
    const monitors = parseManifests(output).filter(({ kind }) => kind === 'PodMonitor');
    const jobs = monitors.map(({ metadata, spec }) => metadata.labels[String(spec?.['jobLabel'])]);
    expect(jobs).toEqual(['veriqueue-producer', 'veriqueue-worker']);
  });

  it('lets a setting of one process win over the one of both', async () => {
    const { output } = await template('env.RETENTION=7d', 'worker.env.RETENTION=8d');
    const retention = processes.map((name) => {
      const [{ env }] = deploymentOf(parseManifests(output), name).spec.template.spec.containers;
      return env.filter((each) => each.name === 'RETENTION').map(({ value }) => value);
    });
    expect(retention).toEqual([['7d'], ['8d']]);
  });

  it.each([
    'env.REDIS_URL=x',
    'producer.env.TENCENTCLOUD_SECRET_KEY=x',
    'worker.replica=3',
    'image.digest=latest',
  ])('refuses %s', async (value) => {
    expect((await template(value)).code).not.toBe(0);
  });
});
