import { z } from 'zod';
import { deliveryAttempt } from '../record/delivery-state.ts';

/** `GET /v1/verifications/{id}/deliveries`, oldest first. */
export const deliveryLogPage = z.strictObject({ data: z.array(deliveryAttempt) }).meta({ id: 'DeliveryLog' });
