import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { cliEnvironment } from '../../cli/settings.ts';
import { startEnvironment } from '../../dev/start/settings.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { maskSettings } from '../../shared/config/environment.ts';
import { kmsEnvironment } from '../../shared/kms/kms-settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { composeText } from './compose-file.ts';
import { readDocument } from './documents.ts';

const shapes: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  p: producerEnvironment.shape,
  w: workerEnvironment.shape,
  s: sandboxEnvironment.shape,
  st: startEnvironment.shape,
};

const variables = new Set(Object.values(shapes).flatMap((shape) => Object.keys(shape)));

/** The schema of the process that uses a variable; `npm start` only hands most of them on. */
function schemaOf(variable: string): z.ZodType {
  const shape = ['p', 'w', 's', 'st'].map((name) => shapes[name]).find((found) => found && variable in found);
  const schema = shape?.[variable];
  if (schema === undefined) throw new Error(`no process reads ${variable}`);
  return schema;
}

/** `npm start` runs everything on one machine. */
const OWN_DEFAULTS: Readonly<Record<string, readonly string[]>> = { st: ['ALLOW_INSECURE_CALLBACKS'] };

describe('a setting that several processes read', () => {
  const all: typeof shapes = { ...shapes, cli: cliEnvironment.shape };
  const defaultsOf = (variable: string) =>
    Object.entries(all).flatMap(([name, shape]) => {
      const schema = shape[variable];
      return schema === undefined || OWN_DEFAULTS[name]?.includes(variable) ? [] : [schema];
    });
  const shared = [...variables].filter((variable) => defaultsOf(variable).length > 1);

  it.each(shared)('has one default: %s', (variable) => {
    const values = defaultsOf(variable).map((schema) => schema.safeParse(undefined).data);
    // Where a process must be given it, or does without, there is no default to differ.
    const spelled = values.filter((value) => value !== undefined).map((value) => JSON.stringify(value));
    expect(new Set(spelled).size).toBeLessThanOrEqual(1);
  });
});

describe('the Helm chart', () => {
  const schema = JSON.parse(readDocument('deploy/helm/veriqueue/values.schema.json'));
  const isSecret = (variable: string) => maskSettings({ [variable]: 'x' })[variable] === '(set)';
  const ofKms = Object.keys(kmsEnvironment.shape).filter((name) => /SECRET|TOKEN|ACCESS_KEY_ID/.test(name));
  const ofProcesses = ['p', 'w'].flatMap((name) => Object.keys(shapes[name] ?? {})).filter(isSecret);
  const secrets = [...ofProcesses, ...ofKms];

  it('takes no secret among its settings, which anyone who may list pods can read', () => {
    const refused: readonly string[] = schema.$defs.settings.propertyNames.not.enum;
    expect(secrets).toContain('PHOTO_STORE_SECRET_ACCESS_KEY');
    expect(refused).toEqual(expect.arrayContaining([...new Set(secrets)]));
  });

  it('gives both processes the same store of photos, by settings that they read', () => {
    const helpers = readDocument('deploy/helm/veriqueue/templates/_helpers.tpl');
    const [, body = ''] = /define "veriqueue.photoStore"([\s\S]*?)\n\n/.exec(helpers) ?? [];
    const named = [...body.matchAll(/^(PHOTO_STORE\w*):/gm)].map(([, variable = '']) => variable);
    expect(named).toHaveLength(Object.keys(schema.properties.photoStore.properties).length);
    for (const process of ['producer', 'worker']) {
      for (const variable of named) expect(shapes[process[0] ?? '']).toHaveProperty(variable);
      expect(readDocument(`deploy/helm/veriqueue/templates/${process}.yaml`)).toContain(
        '(include "veriqueue.photoStore" . | fromYaml)',
      );
    }
  });
});

describe('.env.example', () => {
  const entries = [...readDocument('.env.example').matchAll(/^(# )?([A-Z_]+)=(.*)$/gm)].map(
    ([, commented, variable = '', value = '']) => ({ commented: commented !== undefined, variable, value }),
  );
  /** Read by the compose file itself. */
  const ofTheFile = ['REDIS_MAXMEMORY', 'REDIS_MEMORY_LIMIT'];
  const demanded = [...composeText.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable);
  const passedOn = [...composeText.matchAll(/^ {2,6}([A-Z_]+):$/gm)].map(([, variable]) => variable);

  it.each(entries)('names $variable, which docker-compose.yml uses', ({ variable }) => {
    expect([
      ...demanded,
      ...passedOn,
      ...ofTheFile.filter((name) => composeText.includes(`\${${name}:-`)),
    ]).toContain(variable);
  });

  it('names everything that must be set', () => {
    const named = entries.filter(({ commented }) => !commented).map(({ variable }) => variable);
    expect(named).toEqual(expect.arrayContaining(demanded));
    expect(named).toEqual(expect.arrayContaining(['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY']));
  });

  it.each(entries.filter(({ commented, value }) => commented && value !== ''))(
    'shows the default of $variable',
    ({ variable, value }) => {
      if (ofTheFile.includes(variable)) {
        expect(composeText).toContain(`\${${variable}:-${value}}`);
        return;
      }
      const schema = schemaOf(variable);
      expect(schema.parse(undefined)).toEqual(schema.parse(value));
    },
  );
});
