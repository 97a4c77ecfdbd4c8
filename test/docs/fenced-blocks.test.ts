import { describe, expect, it } from 'vitest';
import { extractBlocks } from './fenced-blocks.ts';

describe('extracting the blocks of a page', () => {
  it('finds each with its language, line and text', () => {
    const page = '# A page\n\n```sh\nls\n```\nwords\n```\na drawing\n```\n';
    const blocks = extractBlocks('a.md', page);
    expect(blocks.map(({ language, line, text }) => [language, line, text])).toEqual([
      ['sh', 3, 'ls\n'],
      ['', 7, 'a drawing\n'],
    ]);
  });

  it('takes away the indentation of a list, and no more', () => {
    const [block] = extractBlocks('a.md', '1. do\n\n   ```sh\n   if true; then\n     ls\n   fi\n   ```\n');
    expect(block?.text).toBe('if true; then\n  ls\nfi\n');
  });

  it('reads the invisible notes right above, and none further away', () => {
    const fence = '```text\nhello\n```\n';
    const [noted, other] = extractBlocks('a.md', `<!-- docs: output-of=listen quiet -->\n${fence}${fence}`);
    expect([...(noted?.notes ?? [])]).toEqual([
      ['output-of', 'listen'],
      ['quiet', ''],
    ]);
    expect(other?.notes.size).toBe(0);
  });

  it('keeps a shorter fence inside a longer one', () => {
    const [block, ...more] = extractBlocks('a.md', '````md\n```sh\nls\n```\n````\n');
    expect(block?.text).toBe('```sh\nls\n```\n');
    expect(more).toEqual([]);
  });

  it('refuses a fence that is not closed', () => {
    expect(() => extractBlocks('a.md', 'words\n```sh\nls\n')).toThrow(
      'Cannot read a.md: the fence of line 2 must be closed',
    );
  });
});
