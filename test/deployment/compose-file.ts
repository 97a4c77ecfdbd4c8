import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from './built-program.ts';

const environmentValue = z.union([z.string(), z.number()]).nullable();

/** As much of a service as the tests look at; unknown keys fail, so that nothing goes in unseen. */
const service = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  user: z.string().optional(),
  command: z.array(z.string()),
  init: z.literal(true),
  read_only: z.boolean().optional(),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()),
  restart: z.literal('unless-stopped'),
  profiles: z.array(z.string()).optional(),
  deploy: z.strictObject({ replicas: z.number().int() }).optional(),
  environment: z.record(z.string(), environmentValue).default({}),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
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

export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

/** @throws ZodError, YAMLParseError */
export function readComposeFile(): ComposeFile {
  const document = parse(composeText, { merge: true }) as Record<string, unknown>;
  return composeFile.parse(
    Object.fromEntries(Object.entries(document).filter(([name]) => !name.startsWith('x-'))),
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

/** `${NAME}` and `${NAME:?message}`; `$$` is a dollar sign. */
export function interpolate(text: string, given: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\{(\w+)(:\?[^}]*)?\}/g, (whole, name: string | undefined, demand?: string) => {
    if (whole === '$$') return '$';
    const value = given[name ?? ''] ?? '';
    if (value === '' && demand !== undefined) throw new Error(`${name}${demand}`);
    return value;
  });
}
