import { z } from 'zod';
import { startEnvironment } from '../../dev/start/settings.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { SETTING_GROUPS, type SettingGroup } from './setting-groups.ts';

type Shape = Readonly<Record<string, z.ZodType>>;

/** Who reads a setting, by the word that the page has for it. */
export const readers: Readonly<Record<string, Shape>> = {
  producer: producerEnvironment.shape,
  worker: workerEnvironment.shape,
  sandbox: sandboxEnvironment.shape,
  'npm start': startEnvironment.shape,
};

/** One row of the page. */
export interface Setting {
  readonly variable: string;
  readonly default: string;
  readonly allowed: string;
  readonly readBy: readonly string[];
  readonly meaning: string;
}

/** @throws Error when no process reads the variable, or its schema has no description */
export function describeSetting(variable: string): Setting {
  const found = Object.entries(readers).flatMap(([reader, shape]) => {
    const schema = shape[variable];
    return schema === undefined ? [] : [{ reader, schema }];
  });
  const [first] = found;
  const meaning = found.map(({ schema }) => schema.description).find((text) => text !== undefined);
  if (first === undefined) throw new Error(`No process reads ${variable}`);
  if (meaning === undefined) throw new Error(`The schema of ${variable} needs .describe('…')`);
  return {
    variable,
    default: describeDefault(first.schema),
    allowed: describeAllowed(first.schema),
    readBy: found.map(({ reader }) => reader),
    meaning,
  };
}

/** @returns `required`, `none` or the value, as it would stand in the environment */
function describeDefault(schema: z.ZodType): string {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return String(schema.def.defaultValue);
  return schema.safeParse(undefined).success ? 'none' : 'required';
}

/** No setting takes it: the message about it says what is allowed. */
const IMPOSSIBLE = '\u0000';

function describeAllowed(schema: z.ZodType): string {
  const { allowed } = schema.meta() ?? {};
  if (typeof allowed === 'string') return allowed;
  const [issue] = schema.safeParse(IMPOSSIBLE).error?.issues ?? [];
  if (issue === undefined) throw new Error('A schema that takes any text needs .meta({ allowed })');
  return issue.message.replace(/^must be /, '').replace(/, such as .*$/, '');
}

/** The part of docs/configuration.md that follows from the schemas. */
export function renderConfiguration(): string {
  return `${[renderEnvironmentFile(), ...SETTING_GROUPS.map(renderGroup)].join('\n\n')}\n`;
}

function renderGroup({ title, introduction, variables }: SettingGroup): string {
  const rows = variables.map(describeSetting).map((setting) => {
    const value = /^(?:required|none)$/.test(setting.default) ? setting.default : `\`${setting.default}\``;
    const cells = [
      `\`${setting.variable}\``,
      value,
      setting.allowed,
      setting.readBy.join(', '),
      setting.meaning,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = '| variable | default | allowed | read by | meaning |\n| --- | --- | --- | --- | --- |';
  return `## ${title}\n\n${introduction}\n\n${head}\n${rows.join('\n')}`;
}

/** What must be set stands there without a value; what has a default is commented out. */
function renderEnvironmentFile(): string {
  const groups = SETTING_GROUPS.filter(({ inEnvironmentFile }) => inEnvironmentFile).map(
    ({ title, variables }) => {
      const lines = variables.map(describeSetting).map((setting) => {
        if (setting.default === 'required') return `${setting.variable}=`;
        return `# ${setting.variable}=${setting.default === 'none' ? '' : setting.default}`;
      });
      return `# ${title}\n${lines.join('\n')}`;
    },
  );
  return `## A file to copy\n\n\`\`\`ini\n${groups.join('\n\n')}\n\`\`\``;
}
