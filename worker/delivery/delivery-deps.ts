import type { Audit } from '../../shared/store/audit/audit.ts';
import type { ClientReading } from '../../shared/store/clients/client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import type { Tracing } from '../../shared/tracing/tracing.ts';
import type { PostEvent } from '../../shared/webhook/post-event.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { AttemptDeps } from './attempt-post.ts';
import type { DeliverySchedule } from './delivery-schedule.ts';
import type { EndpointLimiter } from './endpoint-limiter.ts';
import type { EndpointStore } from './endpoint-store.ts';
import type { OpenAuthDeps } from './open-auth.ts';

/** What delivering needs of its surroundings. */
export interface DeliveryDeps extends AttemptDeps, OpenAuthDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly readClient: (clientId: string) => Promise<ClientReading>;
  readonly endpoints: EndpointStore;
  readonly limiter: EndpointLimiter;
  readonly post: PostEvent;
  readonly writes: Pick<PatientWrites, 'untilTaken'>;
  readonly audit: Pick<Audit, 'note'>;
  readonly schedule: DeliverySchedule;
  readonly retentionMs: number;
  readonly metrics: WorkerMetrics;
  readonly tracing: Tracing;
  readonly random: () => number;
}
