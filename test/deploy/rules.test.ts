import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.ts';
import { root } from '../deployment/built-program.ts';
import { readDocument } from '../deployment/documents.ts';
import { type AlertRule, alertRules, expectedFiring, RULE_TESTS, RULES, ruleTests } from './alert-rules.ts';
import { hasPromtool, promtool } from './promtool.ts';

const runbook = readDocument('docs/runbook.md');
const entries = [...runbook.matchAll(/^### (\w+)\n([\s\S]*?)(?=^##|(?![\s\S]))/gm)].map(
  ([, alert = '', text = '']) => ({ alert, text }),
);
/** What stands right below an alert's heading. */
const firstLineOf = (page: string, alert: string) => page.split(`### ${alert}\n\n`)[1]?.split('\n', 1)[0];

/** A rule's numbers, as its entry repeats them; nothing and one need no number. */
const thresholdsOf = ({ expr }: AlertRule) =>
  [...expr.matchAll(/([<>]) (?:on \(lane\) )?([\d.]+(?: \* \d+)?)/g)]
    .filter(([, , number]) => number !== '0')
    .map(([, comparison, number]) => `\`${comparison} ${number}\``);

const withThresholds = (rule: AlertRule, opening: string) =>
  new RegExp([`^${opening}`, ...thresholdsOf(rule).map(escapeRegExp)].join('.*'));

const escapeRegExp = (text: string) => text.replace(/[.*]/g, '\\$&');

const pagesInWords = [
  {
    name: 'docs/runbook.md',
    page: runbook,
    fires: (rule: AlertRule) => {
      const after = rule.for === undefined ? 'at once' : `after ${rule.for.replace('m', ' min')}`;
      return withThresholds(rule, `\\*\\*Fires:\\*\\* ${rule.labels.severity}, ${after}: `);
    },
  },
  {
    name: 'docs/runbook.zh.md',
    page: readDocument('docs/runbook.zh.md'),
    fires: (rule: AlertRule) => {
      const after = rule.for === undefined ? '立即' : `持续 ${rule.for.replace('m', ' 分钟')}之后`;
      return withThresholds(rule, `\\*\\*触发：\\*\\*${rule.labels.severity}，${after}：`);
    },
  },
];

const alerts = alertRules.map(({ alert }) => alert);

describe('the alert rules', () => {
  it('have names of their own', () => {
    expect(new Set(alerts).size).toBe(alerts.length);
  });

  it.each(alertRules)('$alert points to its entry in the runbook', ({ alert, annotations }) => {
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(entries.map((entry) => entry.alert)).toContain(alert);
  });

  it.each(alertRules)('$alert says the same in Chinese, with the same values', ({ annotations }) => {
    const values = (text: string) => [...text.matchAll(/\{\{.*?\}\}/g)].map(([value]) => value).toSorted();
    expect(annotations.summary_zh).toMatch(/\p{Script=Han}/u);
    expect(annotations.description_zh).toMatch(/\p{Script=Han}/u);
    expect(values(annotations.summary_zh)).toEqual(values(annotations.summary));
    expect(values(annotations.description_zh)).toEqual(values(annotations.description));
  });

  it.each(alertRules)('$alert is shown by a test to fire, and not to fire on what it reads', ({ alert }) => {
    const about = ruleTests.filter((test) => expectedFiring(test).some((firing) => firing.includes(alert)));
    const silent = about.filter((test) => expectedFiring(test).some((firing) => !firing.includes(alert)));
    expect(about.length).toBeGreaterThan(0);
    expect(silent.length).toBeGreaterThan(0);
  });

  it('are asked for all that fire, so that none fires unseen', () => {
    const asked = ruleTests.flatMap((test) => test.promql_expr_test.map(({ expr }) => expr));
    expect(new Set(asked)).toEqual(new Set(['ALERTS{alertstate="firing"}']));
  });
});

describe.skipIf(!hasPromtool)('promtool', () => {
  it('finds no fault with the rules', async () => {
    expect(await promtool(['check', 'rules', '--lint-fatal', join(root, RULES)])).toMatchObject({ code: 0 });
  });

  it('finds no fault with the scrape configuration, which loads the rules and not their tests', async () => {
    const checked = await promtool(['check', 'config', join(root, 'deploy/prometheus/prometheus.yml')]);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.output).toContain(`${alerts.length} rules found`);
    expect(checked.output).toContain('1 rule files found');
  });

  it('sees each alert fire, and be silent, when the rule tests say', { timeout: 60_000 }, async () => {
    const tested = await promtool(['test', 'rules', join(root, RULE_TESTS)]);
    expect(tested.output).toContain('SUCCESS');
    expect(tested.code).toBe(0);
  });
});

describe('docs/runbook.md', () => {
  it('has an entry per alert, in their order, and no other', () => {
    expect(entries.map(({ alert }) => alert)).toEqual(alerts);
  });

  it.each(entries)(
    '$alert: says when it fires, what clients notice, how to see it, what to do, when to sleep on',
    ({ text }) => {
      const parts = [...text.matchAll(/^\*\*(.+?):\*\* \S/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Fires', 'Clients', 'See', 'Do', 'Sleep on']);
      expect(text.trim().split('\n').length).toBeLessThanOrEqual(14);
    },
  );

  it.each(alertRules)(
    '$alert: opens with the severity, the duration and the thresholds of its rule',
    (rule) => {
      for (const { page, fires } of pagesInWords) expect(firstLineOf(page, rule.alert)).toMatch(fires(rule));
    },
  );

  it.each(pagesInWords)('$name lists every alert by its severity', ({ page }) => {
    for (const severity of ['critical', 'warning']) {
      const [row = ''] = page.match(new RegExp(`^\\| ${severity} \\|.*$`, 'm')) ?? [];
      const listed = [...row.matchAll(/\(#(\w+)\)/g)].map(([, anchor]) => anchor);
      const due = alertRules.filter(({ labels }) => labels.severity === severity);
      expect(listed).toEqual(due.map(({ alert }) => alert.toLowerCase()));
    }
  });

  it('links to entries and headings that exist', () => {
    const headings = (text: string) =>
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));
    const links = [...runbook.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, file = '', anchor] of links) {
      const target = file === '' ? runbook : readDocument(join('docs', file));
      expect(headings(target)).toContain(anchor);
    }
  });

  const commands = [
    ...runbook
      .replaceAll(/\s+/g, ' ')
      .matchAll(/(?:npx veriqueue |`)((?:lane|deliveries|endpoints|client) [a-z][^`#]*|usage)/g),
  ].map(([, words = '']) => words.trim().split(' npx ')[0] ?? '');

  it.each([...new Set(commands)])('names a command that exists: veriqueue %s', async (words) => {
    const program = await buildProgram(() => ({}) as never);
    const [command, options] = findCommand(program, words.split(' '));
    const known = command.options.map(({ long }) => long);
    // `usage` has work of its own, and a command below it.
    if (command.name() !== 'usage') expect(command.commands).toEqual([]);
    expect(known).toEqual(expect.arrayContaining(options.filter((word) => word.startsWith('--'))));
  });
});

function findCommand(from: Command, words: readonly string[]): [Command, readonly string[]] {
  const [first = '', ...rest] = words;
  const found = from.commands.find((command) => command.name() === first);
  return found === undefined ? [from, words] : findCommand(found, rest);
}
