import { parse } from 'yaml';
import { z } from 'zod';
import { readDocument } from '../deployment/documents.ts';

export const RULES = 'deploy/prometheus/rules/veriqueue.rules.yml';
export const RULE_TESTS = 'deploy/prometheus/rules/veriqueue.test.yml';

const rule = z.strictObject({
  alert: z.string().regex(/^Veriqueue[A-Z]\w+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    summary_zh: z.string(),
    description_zh: z.string(),
    runbook_url: z.string(),
  }),
});
export type AlertRule = z.infer<typeof rule>;

const ruleFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })),
});

export const alertRules: readonly AlertRule[] = ruleFile
  .parse(parse(readDocument(RULES)))
  .groups.flatMap((group) => group.rules);

const testFile = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      input_series: z.array(z.object({ series: z.string(), values: z.string() })),
      promql_expr_test: z
        .array(
          z.object({
            expr: z.string(),
            eval_time: z.string(),
            exp_samples: z.array(z.object({ labels: z.string() })),
          }),
        )
        .default([]),
    }),
  ),
});
export type RuleTest = z.infer<typeof testFile>['tests'][number];

export const ruleTests: readonly RuleTest[] = testFile.parse(parse(readDocument(RULE_TESTS))).tests;

/** Which alerts a test expects to fire at each of its times. */
export const expectedFiring = (test: RuleTest): readonly (readonly string[])[] =>
  test.promql_expr_test.map(({ exp_samples }) =>
    exp_samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1] ?? ''),
  );
