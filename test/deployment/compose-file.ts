import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from './built-program.ts';

const environmentValue = z.union([z.string(), z.number()]).nullable();

/** As much of a service as the tests look at; unknown keys fail, so that nothing goes in unseen. */
const service = z.strictObject({
  image: z.string(),
  profiles: z.tuple([z.literal('monitoring')]).optional(),
  pull_policy: z.literal('never').optional(),
  mem_limit: z.string(),
  pids_limit: z.number().int().optional(),
  logging: z.strictObject({
    driver: z.literal('json-file'),
    options: z.strictObject({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
  build: z.literal('.').optional(),
  user: z.string().optional(),
  command: z.array(z.string()).default([]),
  init: z.literal(true),
  read_only: z.boolean().optional(),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()),
  restart: z.literal('unless-stopped'),
  deploy: z.strictObject({ replicas: z.number().int() }).optional(),
  environment: z.record(z.string(), environmentValue).default({}),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
});
export type ComposeService = z.infer<typeof service>;

const composeFile = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() }).nullable()),
  volumes: z.record(z.string(), z.null()),
});
export type ComposeFile = z.infer<typeof composeFile>;

export const COMPOSE_FILES = ['docker-compose.yml', 'docker-compose.sandbox.yml'] as const;
type ComposeFileName = (typeof COMPOSE_FILES)[number];

const readText = (name: ComposeFileName) => readFileSync(join(root, name), 'utf8');
/** Of the one for production. */
export const composeText = readText('docker-compose.yml');

/** @throws ZodError, YAMLParseError */
export function readComposeFile(name: ComposeFileName = 'docker-compose.yml'): ComposeFile {
  const document = parse(readText(name), { merge: true }) as Record<string, unknown>;
  return composeFile.parse(
    Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith('x-'))),
  );
}

/** What a container's environment becomes, given the variables of `.env`. */
export function resolveEnvironment(
  { environment }: ComposeService,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const resolved = value === null ? given[name] : interpolate(String(value), given);
      return resolved === undefined ? [] : [[name, resolved]];
    }),
  );
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?message}`; `$$` is a dollar sign. */
export function interpolate(text: string, given: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (whole, name: string | undefined, operator?: string, word?: string) => {
      if (whole === '$$') return '$';
      const value = given[name ?? ''] ?? '';
      if (value !== '') return value;
      if (operator === '?') throw new Error(`${name}: ${word}`);
      return word ?? '';
    },
  );
}
