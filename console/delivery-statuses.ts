import type { DeliveryStatus } from '../shared/contract/verification.ts';

/** One that is missing does not compile. The contract's own list would bring its schemas into the page. */
const STATUSES = {
  pending: true,
  delivering: true,
  delivered: true,
  retrying: true,
  held: true,
  dead: true,
} as const satisfies Record<DeliveryStatus, true>;

/** Everything that an event may be on its way to one place. */
export const deliveryStatuses: readonly string[] = Object.keys(STATUSES);
