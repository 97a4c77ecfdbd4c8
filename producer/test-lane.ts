import type { LaneReading } from '../shared/account/lane-overview.ts';
import { readAccountUpstream } from '../shared/account/limiter/account-upstream.ts';
import { createAudit } from '../shared/store/audit/audit.ts';
import { accountKeys } from '../shared/store/keys.ts';
import { markTestLane } from '../shared/store/test-lane.ts';
import type { AppDeps } from './app.ts';
import { awaitFit, type Connections, closeConnections, connectIntake, createIntake } from './intake.ts';
import type { LaneView } from './lane-view.ts';
import type { ProducerMetrics } from './metrics.ts';
import { ProblemError, retryAfter } from './problem.ts';
import type { ProducerSettings } from './settings.ts';

/** Workers are not exchanged within seconds. */
const UNSAFE_AGAIN_SECONDS = 60;

/**
 * Opens the lane that test keys submit to: a lane of its own on the same Redis, with connections of its own, so that no test
 * waits for, counts towards, or is counted with anything live.
 *
 * @param live what is shared with it: limits of the process, not of a lane
 * @throws {Error} when a worker that asks the real service uses the lane
 */
export async function openTestLane(
  settings: ProducerSettings & { readonly TEST_LANE: string },
  live: AppDeps,
): Promise<AppDeps> {
  const { TEST_LANE } = settings;
  const own = { ...settings, LANE: TEST_LANE };
  const { log, now, tracing } = live;
  const connections: Connections = connectIntake(own, log);
  try {
    await awaitFit(own, connections, {
      log,
      signal: new AbortController().signal,
      onWait: () => undefined,
    });
    const [redis] = connections;
    if ((await readAccountUpstream(redis, accountKeys(TEST_LANE)))?.livemode === true) {
      throw new Error(
        `TEST_LANE must name a lane whose workers ask the sandbox, and those of ${TEST_LANE} ask the real service. Name another lane`,
      );
    }
    const intake = createIntake(own, connections, { log, now, tracing, epochs: live.epochs });
    await markTestLane(redis, intake.keys);
    return {
      ...live,
      ...intake,
      log,
      audit: createAudit({ ...intake, signingKey: settings.SIGNING_KEYS?.newest ?? null, log }),
      lane: sandboxOnly(intake.lane),
      metrics: uncounted(live.metrics),
    };
  } catch (error) {
    await closeConnections(connections);
    throw error;
  }
}

/**
 * What is known of the lane, as long as it asks the sandbox: before its first worker, livemode is false all the same.
 *
 * The marked lane lets in no worker that asks the real service; one of a version before does not look at the mark.
 */
function sandboxOnly(lane: LaneView): LaneView {
  const readAll = async (): Promise<LaneReading> => {
    const reading = await lane.readAll();
    if (reading.overview.livemode === true) {
      throw new ProblemError('test_lane_unsafe', { headers: retryAfter(UNSAFE_AGAIN_SECONDS) });
    }
    return { ...reading, overview: { ...reading.overview, livemode: false } };
  };
  return { ...lane, readAll, read: async () => (await readAll()).overview };
}

/** Requests and connections are the process'. What is counted of verifications is the live lane's alone. */
function uncounted(metrics: ProducerMetrics): ProducerMetrics {
  const nothing = () => undefined;
  return { ...metrics, countSubmission: nothing, countRedelivery: nothing, countAccepted: nothing };
}
