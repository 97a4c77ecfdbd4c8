import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders of `test/` whose tests are about a part of the chain: many, and short. */
const PARTS: ReadonlySet<string> = new Set(['client', 'producer', 'sandbox', 'shared', 'worker']);

/**
 * Begins with the tests that have whole chains, which take up to two minutes a file. Vitest takes large files first where it has not
 * measured any, and some of the longest are small: they came last, and one core waited for them.
 */
export class WholeFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = this.ctx.config.root;
    const isOfPart = ({ moduleId }: TestSpecification): number => {
      const [, folder = ''] = relative(root, moduleId).split(sep);
      return PARTS.has(folder) ? 1 : 0;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => isOfPart(a) - isOfPart(b));
  }
}
