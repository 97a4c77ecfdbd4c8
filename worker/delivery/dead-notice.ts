import { noticeTypes } from '../../shared/contract/event-type.ts';
import { type ClientNotice, writeNotice } from '../../shared/store/notices/written-notice.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';

export interface GivenUp {
  /** Of the event's verification; its own where it is about none. */
  readonly id: string;
  readonly clientId: string;
  /** The endpoint that did not take it; null: the callback. */
  readonly endpoint: string | null;
  readonly attempts: number;
  /** Of the last attempt; null: the event could not be sent. */
  readonly result: DeliveryResult | null;
  /** ms epoch */
  readonly now: number;
}

/** The event which says that an event was given up. */
export function writeDeadNotice({ id, clientId, endpoint, attempts, result, now }: GivenUp): ClientNotice {
  const notice = writeNotice({
    type: noticeTypes.deliveryDead,
    timestamp: new Date(now).toISOString(),
    data: {
      eventId: webhookId(id),
      verification: id.startsWith('ver_') ? id : null,
      endpoint,
      attempts,
      status: result === null || result.result === 'unreachable' ? null : result.status,
    },
  });
  return { clientId, ...notice };
}

/** What a {@link writeDeadNotice} is about; null for any other event. */
export function endpointOfDeadNotice(body: string): string | null {
  if (!isDeadNotice(body)) return null;
  const { data }: { data: { endpoint: string | null } } = JSON.parse(body);
  return data.endpoint;
}

/** That one of these was given up is said to no endpoint: two that fail would bring each other events without end. */
export function noticeOfDead(body: string, given: GivenUp): ClientNotice | null {
  return isDeadNotice(body) ? null : writeDeadNotice(given);
}

const isDeadNotice = (body: string): boolean => body.startsWith(`{"type":"${noticeTypes.deliveryDead}"`);
