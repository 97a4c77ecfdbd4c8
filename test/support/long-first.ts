import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take long. */
const LONG: ReadonlySet<string> = new Set([
  'test/storm/storm.test.ts',
  'test/shared/contract/new-field.test.ts',
]);

/**
 * Vitest takes large files first where it has not measured any. What is small and takes long came last then, and one core waited for it.
 * Rejected: whole chains before all parts. Chains wait most of the time, and leave the cores idle when nothing else runs beside them.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const rank = ({ moduleId }: TestSpecification): number =>
      LONG.has(relative(root, moduleId).split(sep).join('/')) ? 0 : 1;
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
