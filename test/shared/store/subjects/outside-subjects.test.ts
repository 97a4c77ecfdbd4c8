import { afterAll, beforeAll, describe } from 'vitest';
import { startTestLane, type TestLane } from '../../../support/lane.ts';
import { createOutsideSubjects } from '../../../support/outside-subjects.ts';
import { holdSubjectStore } from './subject-store-suite.ts';

describe('a store of subjects outside Redis', () => {
  let lane: TestLane;
  beforeAll(async () => {
    lane = await startTestLane();
  });
  afterAll(() => lane.stop());

  const { store } = createOutsideSubjects();
  holdSubjectStore(() => ({ store, redis: lane.redis }));
});
