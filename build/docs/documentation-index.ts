import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DocumentedPage, PAGES } from './pages.ts';

const root = join(import.meta.dirname, '../..');

const AUDIENCES = {
  decide: 'Decide',
  integrate: 'Integrate',
  operate: 'Operate',
  contribute: 'Contribute',
} as const satisfies Record<DocumentedPage['audience'], string>;

/** docs/index.json: every page with its title, what it answers, whom, and its translation. Paths are from the root. */
export function renderIndex(): string {
  const pages = PAGES.map(({ path, audience, answers }) => ({
    path,
    title: readTitle(path),
    answers,
    audience,
    ...findTranslation(path),
  }));
  return `${JSON.stringify({ name: 'Veriqueue', language: 'en', pages }, null, 2)}\n`;
}

/** llms.txt, as llmstxt.org describes it. */
export function renderLlmsText(): string {
  const sections = Object.entries(AUDIENCES).map(([audience, title]) => {
    const own = PAGES.filter((page) => page.audience === audience);
    const lines = own.map(({ path, answers }) => `- [${readTitle(path)}](${path}): ${answers}`);
    return `## ${title}\n\n${lines.join('\n')}`;
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# Veriqueue

> A durable queue for Tencent Cloud FaceID's ImageRecognitionV2, the API that compares a photo of a person with the photo in China's ID register. Applications submit a photo, a name and an ID number over HTTP; workers ask at the pace the account allows; the verdict arrives as a signed webhook.

Facts that answers often get wrong:

- A submission answers 202 at once. The verdict comes as an event (Standard Webhooks) or by GET /v1/verifications/{id}.
- Repeats of a submission are safe with the same Idempotency-Key only.
- Believe a verdict only with livemode true; the sandbox answers with livemode false.
- Settings are environment variables. A process lists all wrong ones at its start.
- A running server has its OpenAPI description at /openapi.json, and a page for each error at /problems/{code}.
- Most pages exist in Chinese too, beside the English one and with the ending .zh.md (README.zh-CN.md at the root).`;

function readTitle(path: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, path), 'utf8')) ?? [];
  if (title === undefined) throw new Error(`${path} must have a heading of the first level`);
  return title;
}

function findTranslation(path: string): { readonly translations?: { readonly zh: string } } {
  const found = ['.zh-CN.md', '.zh.md']
    .map((ending) => path.replace(/\.md$/, ending))
    .find((translated) => existsSync(join(root, translated)));
  return found === undefined ? {} : { translations: { zh: found } };
}
