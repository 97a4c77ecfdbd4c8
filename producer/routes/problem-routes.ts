import type { FastifyInstance } from 'fastify';
import { problemTable } from '../../shared/contract/problem.ts';
import { problemHelp } from '../../shared/contract/problem-help.ts';
import { problemHelpZh, type TranslatedHelp } from '../../shared/contract/problem-help-zh.ts';
import { problemType } from '../../shared/contract/problem-type.ts';

/**
 * The pages that the `type` of a problem leads to, one per code. They need no key: they say what docs/errors.md says, in
 * Chinese where the browser asks for it first.
 */
export function addProblemRoutes(app: FastifyInstance): void {
  for (const [code, { status, title }] of Object.entries(problemTable)) {
    const help = helpOn(problemHelp, code);
    const translated = helpOn(problemHelpZh, code);
    if (help === undefined || translated === undefined) continue;
    const english = renderProblemPage(ENGLISH, { code, status, help: { title, ...help } });
    const chinese = renderProblemPage(CHINESE, { code, status, help: translated });
    app.get(problemType(code), { schema: { hide: true } }, async (request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('vary', 'accept-language')
        .send(prefersChinese(request.headers['accept-language']) ? chinese : english),
    );
  }
}

const helpOn = <T>(table: Readonly<Record<string, T>>, code: string): T | undefined =>
  Object.entries(table).find(([known]) => known === code)?.[1];

/** By the first language that the header names: browsers put the preferred one there. */
const prefersChinese = (acceptLanguage: string | undefined): boolean =>
  /^\s*zh\b/i.test(acceptLanguage ?? '');

interface Wording {
  readonly language: string;
  readonly status: (status: number, code: string) => string;
  readonly meaning: string;
  readonly action: string;
}

const ENGLISH: Wording = {
  language: 'en',
  status: (status, code) => `Status ${status}, code <code>${code}</code>`,
  meaning: 'Meaning',
  action: 'What to do',
};

const CHINESE: Wording = {
  language: 'zh-CN',
  status: (status, code) => `状态码 ${status}，代码 <code>${code}</code>`,
  meaning: '含义',
  action: '怎么做',
};

interface ProblemPage {
  readonly code: string;
  readonly status: number;
  readonly help: TranslatedHelp;
}

/** Without styles and scripts, which the policy of data forbids. */
function renderProblemPage(wording: Wording, { code, status, help }: ProblemPage): string {
  return `<!doctype html>
<html lang="${wording.language}">
<meta charset="utf-8">
<title>${code}</title>
<h1>${toHtml(help.title)}</h1>
<p>${wording.status(status, code)}</p>
<h2>${wording.meaning}</h2>
<p>${toHtml(help.meaning)}</p>
<h2>${wording.action}</h2>
<p>${toHtml(help.action)}</p>
</html>
`;
}

/** Markdown's code spans and links, which is all that the texts have. */
function toHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}
