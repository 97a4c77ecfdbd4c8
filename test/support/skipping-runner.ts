import { inject, type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest';
import { type Need, needsOfFile, redisNeed } from './needs.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Of a test file: what it looked for and did not find. */
    missing?: readonly Need[];
  }
  interface ProvidedContext {
    hasRedis: boolean;
  }
}

/** Skips the files that need a Redis where there is none, and hands the names of what is missing to the reporter. */
export default class SkippingRunner extends TestRunner {
  onCollected(files: readonly RunnerTestFile[]): void {
    const { needsRedis, missing } = needsOfFile();
    const lacksRedis = needsRedis && !inject('hasRedis');
    for (const file of files) {
      if (lacksRedis) skipAll(file);
      file.meta.missing = [...(lacksRedis ? [redisNeed] : []), ...missing];
    }
  }
}

/** No hook of the file runs, and each test is reported as skipped. */
function skipAll(file: RunnerTestFile): void {
  dropHooks(file);
  TestRunner.getSuiteHooks(file).beforeEach.push((context) => context.skip(redisNeed.name));
}

function dropHooks(suite: RunnerTestSuite): void {
  for (const hooks of Object.values(TestRunner.getSuiteHooks(suite))) hooks.length = 0;
  for (const task of suite.tasks) if (task.type === 'suite') dropHooks(task);
}
