import type { ClientEndpoint } from '../../shared/store/clients/client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { PostEvent } from '../../shared/webhook/post-event.ts';
import type { AttemptDeps } from '../delivery/attempt-post.ts';
import type { DeliverySchedule } from '../delivery/delivery-schedule.ts';
import type { OpenAuthDeps } from '../delivery/open-auth.ts';
import type { WorkerMetrics } from '../metrics.ts';

/** What sending to endpoints needs of its surroundings. */
export interface PushDeps extends AttemptDeps, OpenAuthDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  /** Of this process: it has what it took in hand until it gives it back, or is silent for too long. */
  readonly owner: string;
  /** As it is now, two seconds old at most; null when it was removed, or nothing may be sent to it. */
  readonly readEndpoint: (clientId: string, id: string) => Promise<ClientEndpoint | null>;
  readonly post: PostEvent;
  readonly writes: Pick<PatientWrites, 'untilTaken' | 'note'>;
  readonly schedule: DeliverySchedule;
  readonly metrics: Pick<WorkerMetrics, 'deliveries' | 'deliverySeconds' | 'endpointsDisabled'>;
  /** Aborted when the process is to end: what has been posted is written down, and nothing else begun. */
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Waits so many ms, or until the process must end. */
  readonly pause: (ms: number) => Promise<void>;
}
