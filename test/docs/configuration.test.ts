import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SETTING_MEANINGS_ZH } from '../../build/docs/configuration-zh.ts';
import {
  describeSetting,
  renderConfiguration,
  renderConfigurationZh,
} from '../../build/docs/render-configuration.ts';
import { SETTING_GROUPS } from '../../build/docs/setting-groups.ts';
import { readers } from '../../build/docs/setting-readers.ts';
import { extractBlocks } from './fenced-blocks.ts';
import { writtenByHand } from './generated-page.ts';

const pathOf = (page: string) => fileURLToPath(new URL(`../../docs/${page}`, import.meta.url));
const path = pathOf('configuration.md');
const variables = [...new Set(Object.values(readers).flatMap((shape) => Object.keys(shape)))];

/** The schema of the process that uses a variable; `npm start` only hands most of them on. */
function schemaOf(variable: string) {
  const schema = Object.values(readers)
    .map((shape) => shape[variable])
    .find((found) => found !== undefined);
  if (schema === undefined) throw new Error(`no process reads ${variable}`);
  return schema;
}

it.each([
  { page: 'configuration.md', render: renderConfiguration },
  { page: 'configuration.zh.md', render: renderConfigurationZh },
])('$page shows the schemas as they are', async ({ page, render }) => {
  await expect(`${writtenByHand(pathOf(page))}\n${render()}`).toMatchFileSnapshot(pathOf(page));
});

it('the page of settings has every setting once, in one group', () => {
  const grouped = SETTING_GROUPS.flatMap((group) => group.variables);
  expect(grouped.toSorted()).toEqual(variables.toSorted());
});

/** The names and values in a text, and its Chinese characters, if it has any. */
const codeOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code).toSorted();
const chineseOf = (text: string) => text.replace(/`[^`]+`/g, '').match(/\p{Script=Han}+/u)?.[0];

describe('a setting', () => {
  it.each(variables)('is explained in Chinese by the same names and values: %s', (variable) => {
    const chinese = Object.entries(SETTING_MEANINGS_ZH).find(([name]) => name === variable)?.[1] ?? '';
    expect(chineseOf(chinese)).toBeDefined();
    expect(codeOf(chinese)).toEqual(codeOf(describeSetting(variable).meaning));
  });

  it.each(variables)('has a default that its schema reads as it is shown: %s', (variable) => {
    const shown = describeSetting(variable).default;
    const unset = schemaOf(variable).safeParse(undefined);
    // A file of accounts stands for the credentials of one.
    if (shown === 'required') expect(unset.success).toBe(schemaOf(variable).meta()?.['required'] === true);
    else if (shown === 'none') expect(unset).toEqual({ success: true, data: undefined });
    else expect(unset).toEqual({ success: true, data: schemaOf(variable).parse(shown) });
  });
});

it('the file to copy names every setting of a deployment, and its values are the defaults', () => {
  const [file] = extractBlocks(path, readFileSync(path, 'utf8')).filter(({ language }) => language === 'ini');
  const entries = [...(file?.text ?? '').matchAll(/^(# )?([A-Z_]+)=(.*)$/gm)];
  const expected = SETTING_GROUPS.filter(({ inEnvironmentFile }) => inEnvironmentFile);
  expect(entries.map(([, , variable]) => variable)).toEqual(expected.flatMap((group) => group.variables));
  for (const [, commented, variable = '', value = ''] of entries) {
    expect({ variable, commented: commented !== undefined }).toEqual({
      variable,
      commented: describeSetting(variable).default !== 'required',
    });
    if (value !== '') expect(schemaOf(variable).parse(value)).toEqual(schemaOf(variable).parse(undefined));
  }
});
