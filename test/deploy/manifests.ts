import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { root } from '../deployment/built-program.ts';

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });

const container = z.object({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  envFrom: z.array(z.object({ secretRef: z.object({ name: z.string() }) })),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  lifecycle: z.object({
    preStop: z.object({ exec: z.object({ command: z.tuple([z.literal('sleep'), z.string()]) }) }),
  }),
  securityContext: z.object({ readOnlyRootFilesystem: z.boolean(), allowPrivilegeEscalation: z.boolean() }),
  resources: z.object({ limits: z.record(z.string(), z.string()) }),
});

const podSpec = z.object({
  enableServiceLinks: z.boolean(),
  automountServiceAccountToken: z.boolean(),
  terminationGracePeriodSeconds: z.number(),
  securityContext: z.object({ runAsNonRoot: z.boolean(), runAsUser: z.number() }),
  containers: z.tuple([container]),
});

const deployment = z.object({
  kind: z.literal('Deployment'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    replicas: z.number().optional(),
    template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: podSpec }),
  }),
});

const other = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({}).optional(),
});

export type Deployment = z.infer<typeof deployment>;
export type Manifest = z.infer<typeof other>;

export const CHART = join(root, 'deploy/helm/veriqueue');
export const MANIFESTS = join(root, 'deploy/kubernetes/veriqueue.yaml');

export const committedManifests = readFileSync(MANIFESTS, 'utf8');

/** @throws when the text is not YAML, or an object lacks what every object has */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS() as unknown;
    })
    .filter((document) => document !== null)
    .map((document) => other.parse(document));
}

/** @throws when the manifests have no such deployment, or it lacks something */
export function deploymentOf(manifests: readonly Manifest[], component: 'producer' | 'worker'): Deployment {
  return deployment.parse(
    manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${component}`)),
  );
}
