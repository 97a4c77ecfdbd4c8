import type { FastifyInstance } from 'fastify';
import { problemTable } from '../../shared/contract/problem.ts';
import { type ProblemHelp, problemHelp } from '../../shared/contract/problem-help.ts';
import { problemType } from '../../shared/contract/problem-type.ts';

/** The pages that the `type` of a problem leads to, one per code. They need no key: they say what docs/errors.md says. */
export function addProblemRoutes(app: FastifyInstance): void {
  for (const [code, { status, title }] of Object.entries(problemTable)) {
    const help = Object.entries(problemHelp).find(([known]) => known === code)?.[1];
    if (help === undefined) continue;
    const page = renderProblemPage({ code, status, title, help });
    app.get(problemType(code), { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(page),
    );
  }
}

interface ProblemPage {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly help: ProblemHelp;
}

/** Without styles and scripts, which the policy of data forbids. */
function renderProblemPage({ code, status, title, help }: ProblemPage): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${code}</title>
<h1>${toHtml(title)}</h1>
<p>Status ${status}, code <code>${code}</code></p>
<h2>Meaning</h2>
<p>${toHtml(help.meaning)}</p>
<h2>What to do</h2>
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
