/**
 * Where a call stands among those that wait for a slot: the smaller class goes first, within a class the smaller tag, and
 * of equals the one that has waited longer. It is the order of the queue, so that what is claimed ahead does not spoil it.
 */
export interface SlotOrder {
  /** 2: interactive, or a bulk verification whose turn it is among them; 4: bulk. */
  readonly class: number;
  /** Of the client's turn (docs/decisions/0017). */
  readonly tag: number;
}

/** Who brings no order is served behind everybody, first come, first served. */
export const LAST_IN_ORDER: SlotOrder = { class: 4, tag: 0 };

/** The class of those who have waited for too long, before all others. */
const OVERDUE_CLASS = 0;
const FIRST_CLASS = 2;

/**
 * A bulk call that has been claimed holds a place, and an upload, that others need. After so long in the sight of others'
 * turns it goes first. Within a class, tags alone let all of them come.
 */
export const OVERDUE_AFTER_MS = 10_000;

/** @param waitedMs for a slot, in this claim */
export function computeSlotOrder(order: SlotOrder, waitedMs: number): SlotOrder {
  if (order.class <= FIRST_CLASS || waitedMs < OVERDUE_AFTER_MS) return order;
  return { class: OVERDUE_CLASS, tag: 0 };
}

/** Negative when `a` goes first; 0 for equals. */
export function compareSlotOrders(a: SlotOrder, b: SlotOrder): number {
  return a.class - b.class || a.tag - b.tag;
}
