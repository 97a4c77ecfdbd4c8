import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeSetting, readers, renderConfiguration } from '../../build/docs/render-configuration.ts';
import { SETTING_GROUPS } from '../../build/docs/setting-groups.ts';
import { extractBlocks } from './fenced-blocks.ts';
import { writtenByHand } from './generated-page.ts';

const path = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));
const variables = [...new Set(Object.values(readers).flatMap((shape) => Object.keys(shape)))];

/** The schema of the process that uses a variable; `npm start` only hands most of them on. */
function schemaOf(variable: string) {
  const schema = Object.values(readers)
    .map((shape) => shape[variable])
    .find((found) => found !== undefined);
  if (schema === undefined) throw new Error(`no process reads ${variable}`);
  return schema;
}

it('the page of settings shows the schemas as they are', async () => {
  await expect(`${writtenByHand(path)}\n${renderConfiguration()}`).toMatchFileSnapshot(path);
});

it('the page of settings has every setting once, in one group', () => {
  const grouped = SETTING_GROUPS.flatMap((group) => group.variables);
  expect(grouped.toSorted()).toEqual(variables.toSorted());
});

describe('a setting', () => {
  it.each(variables)('has a default that its schema reads as it is shown: %s', (variable) => {
    const shown = describeSetting(variable).default;
    const unset = schemaOf(variable).safeParse(undefined);
    if (shown === 'required') expect(unset.success).toBe(false);
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
