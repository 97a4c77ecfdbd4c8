import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyJsonShape } from '../../../shared/contract/json-shape.ts';

const judge = (text: string, depth = 3, members = 5) =>
  classifyJsonShape(Buffer.from(text), { depth, members });

describe('the shape of a JSON text', () => {
  test.each([
    ['[[[]]]', 'fits'],
    ['[[[[]]]]', 'too_deep'],
    ['{"a":{"b":{"c":1}}}', 'fits'],
    ['{"a":{"b":{"c":[]}}}', 'too_deep'],
    ['[[],[],[]]', 'too_many_members'],
    ['[1,2,3,4,5]', 'fits'],
    ['[1,2,3,4,5,6]', 'too_many_members'],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}', 'too_many_members'],
    ['"[[[[[,,,,,,,"', 'fits'],
    ['"\\"[[[[[,,,,,,,"', 'fits'],
    ['"\\\\"', 'fits'],
    ['["\\\\",[[[', 'too_deep'],
    ['["\\\\\\"[[[[[[[["]', 'fits'],
    ['["不是[[[[[[[["]', 'fits'],
    ['["never closed [[[[[[', 'fits'],
    ['["never closed \\', 'fits'],
    ['', 'fits'],
    ['null', 'fits'],
  ] as const)('of %s: %s', (text, shape) => {
    expect(judge(text)).toBe(shape);
  });

  test('is that of what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const { depth, members } = measure(JSON.parse(text));
        const bytes = Buffer.from(text);
        expect(classifyJsonShape(bytes, { depth, members })).toBe('fits');
        if (depth > 0) expect(classifyJsonShape(bytes, { depth: depth - 1, members: 1e9 })).toBe('too_deep');
        if (members > 0)
          expect(classifyJsonShape(bytes, { depth: 1e9, members: members - 1 })).toBe('too_many_members');
      }),
    );
  });

  test('is found within milliseconds in megabytes of brackets, escapes or quotes', () => {
    const limits = { depth: 1e9, members: 1e9 };
    for (const piece of ['[', '\\"', '"",', '{"a":', '"\\\\"', 'x']) {
      const text = Buffer.from(`"${piece.repeat(3_000_000 / piece.length)}`);
      const began = process.cpuUsage();
      classifyJsonShape(text, limits);
      // Some 5 ms on a quiet machine; JSON.parse needs seconds for the worst of them.
      expect(process.cpuUsage(began).user / 1000).toBeLessThan(300);
    }
  });
});

/** The same counts from the value: an object or array is one, and each of its members after the first one more. */
function measure(value: unknown): { depth: number; members: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, members: 0 };
  const inner = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    members: 1 + Math.max(0, inner.length - 1) + inner.reduce((sum, { members }) => sum + members, 0),
  };
}
