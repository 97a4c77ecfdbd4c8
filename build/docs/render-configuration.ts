import { z } from 'zod';
import { describeAllowedZh, SETTING_GROUPS_ZH, SETTING_MEANINGS_ZH } from './configuration-zh.ts';
import { SETTING_GROUPS, type SettingGroup } from './setting-groups.ts';
import { readers } from './setting-readers.ts';

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
  // Of two settings that stand for each other, the usual one is shown as required.
  if (schema.meta()?.['required'] === true) return 'required';
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

/** What the page says in one language. */
interface Wording {
  readonly file: string;
  readonly columns: string;
  readonly words: Readonly<Record<string, string>>;
  readonly between: string;
  readonly group: (group: SettingGroup) => Pick<SettingGroup, 'title' | 'introduction'>;
  readonly allowed: (allowed: string) => string;
  readonly meaning: (setting: Setting) => string;
}

const ENGLISH: Wording = {
  file: 'A file to copy',
  columns: '| variable | default | allowed | read by | meaning |',
  words: {},
  between: ', ',
  group: (group) => group,
  allowed: (allowed) => allowed,
  meaning: ({ meaning }) => meaning,
};

const CHINESE: Wording = {
  file: '可复制的文件',
  columns: '| 变量 | 默认值 | 允许的值 | 读取者 | 含义 |',
  words: { required: '必填', none: '无', producer: '生产者', worker: '工作进程', sandbox: '沙箱' },
  between: '、',
  group: ({ title }) => findText(SETTING_GROUPS_ZH, title),
  allowed: describeAllowedZh,
  meaning: ({ variable }) => findText(SETTING_MEANINGS_ZH, variable),
};

function findText<T>(texts: Readonly<Record<string, T>>, name: string): T {
  const found = texts[name];
  if (found === undefined) throw new Error(`build/docs/configuration-zh.ts needs a Chinese text for ${name}`);
  return found;
}

/** The part of docs/configuration.md that follows from the schemas. */
export const renderConfiguration = (): string => renderPage(ENGLISH);

/** That of docs/configuration.zh.md. */
export const renderConfigurationZh = (): string => renderPage(CHINESE);

function renderPage(wording: Wording): string {
  const file = `## ${wording.file}\n\n${renderEnvironmentFile()}`;
  return `${[file, ...SETTING_GROUPS.map((group) => renderGroup(wording, group))].join('\n\n')}\n`;
}

function renderGroup(wording: Wording, group: SettingGroup): string {
  const { title, introduction } = wording.group(group);
  const say = (word: string) => wording.words[word] ?? word;
  const rows = group.variables.map(describeSetting).map((setting) => {
    const isWord = /^(?:required|none)$/.test(setting.default);
    const cells = [
      `\`${setting.variable}\``,
      isWord ? say(setting.default) : `\`${setting.default}\``,
      wording.allowed(setting.allowed),
      setting.readBy.map(say).join(wording.between),
      wording.meaning(setting),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = `${wording.columns}\n| --- | --- | --- | --- | --- |`;
  return `## ${title}\n\n${introduction}\n\n${head}\n${rows.join('\n')}`;
}

/** The same in every language, as code is. What must be set stands there without a value; what has a default is commented out. */
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
  return `\`\`\`ini\n${groups.join('\n\n')}\n\`\`\``;
}
