import { typeid } from 'typeid-js';
import type { Notice } from '../../contract/notice.ts';
import type { LaneNotice } from '../../contract/operator-endpoint.ts';

type Unnumbered<Each> = Each extends Notice | LaneNotice ? Omit<Each, 'sequence'> : never;

/** A notice as the script is handed it that writes it, in the step that it is about; the feed gives it its number. */
export interface WrittenNotice {
  /** Its `webhook-id`. */
  readonly id: string;
  /** JSON that begins with the type: by it the script sees whether an endpoint asks for it. */
  readonly body: string;
}

/** With whose feed it is written to. */
export interface ClientNotice extends WrittenNotice {
  readonly clientId: string;
}

/** The arguments of a script that may write one: the client, the event's id, the body. Empty for none. */
export function noticeArguments(notice: ClientNotice | null | undefined): string[] {
  return notice ? [notice.clientId, notice.id, notice.body] : ['', '', ''];
}

/** @param notice without its number; its members stand in the body in their order, the type first */
export function writeNotice({ type, ...rest }: Unnumbered<Notice | LaneNotice>): WrittenNotice {
  return { id: newEventId(), body: JSON.stringify({ type, ...rest }) };
}

/** Of an event that brings no outcome; that of an outcome follows from its verification's. */
export function newEventId(): string {
  return typeid('evt').toString();
}
