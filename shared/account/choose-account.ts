/** What a process knows of an account when it has a verification to ask about. */
export interface AccountView {
  /** Calls a second that it takes now, above 0. */
  readonly perSecond: number;
  /** Its part of the calls while several accounts are open; 0: only while no other is. */
  readonly weight: number;
  /** Calls of this process that are being uploaded to it, or wait for a slot of it. */
  readonly waiting: number;
  /** Those, and those whose answer is awaited. */
  readonly inFlight: number;
  /** As many as may be in flight, so that an account that does not answer leaves places to the others. */
  readonly mostInFlight: number;
  /** Calls that were given to it lately, by this process. */
  readonly latelyGiven: number;
  /** ms epoch from which a call may find out whether it is open again; null: it is. */
  readonly opensAt: number | null;
  /** A call that is to find that out is under way from this process. */
  readonly isProbed: boolean;
}

export interface ChoiceFacts {
  /** ms epoch */
  readonly now: number;
  /** Whether this verification may find out about a closed account although others are open. */
  readonly mayProbe: boolean;
  /** In [0, 1): between accounts that are alike. */
  readonly random: number;
}

/**
 * Openings that are no further apart than this are alike, and weights decide: below the quota nothing waits, so that all are.
 * Above it every account is kept busy, whatever the weights.
 */
const ALIKE_SECONDS = 0.025;

export function isOpen({ opensAt }: Pick<AccountView, 'opensAt'>): boolean {
  return opensAt === null;
}

export function hasRoom({ inFlight, mostInFlight }: AccountView): boolean {
  return inFlight < mostInFlight;
}

/** Whether a call may find out now if the account is open again. */
export function isProbeDue({ opensAt, isProbed }: AccountView, now: number): boolean {
  return opensAt !== null && opensAt <= now && !isProbed;
}

/**
 * The account that opens soonest for one more call. A closed one whose probe is due comes first: one call finds out about it.
 *
 * @returns its index; null when none is open, or all that are have as much in flight as they may
 */
export function chooseAccount(views: readonly AccountView[], facts: ChoiceFacts): number | null {
  const indices = views.map((_, i) => i);
  const open = indices.filter((i) => isOpen(viewAt(views, i)) && hasRoom(viewAt(views, i)));
  if (facts.mayProbe || open.length === 0) {
    const due = indices.filter((i) => isProbeDue(viewAt(views, i), facts.now));
    const [longest] = due.sort((a, b) => (viewAt(views, a).opensAt ?? 0) - (viewAt(views, b).opensAt ?? 0));
    if (longest !== undefined) return longest;
  }
  if (open.length === 0) return null;
  const waits = new Map(open.map((i) => [i, computeWaitSeconds(viewAt(views, i))]));
  const soonest = Math.min(...waits.values());
  const alike = open.filter((i) => (waits.get(i) ?? 0) <= soonest + ALIKE_SECONDS);
  return leastServed(views, alike, facts.random);
}

/** Until one more call gets a slot, behind those that wait already. */
function computeWaitSeconds({ waiting, perSecond }: AccountView): number {
  return waiting / perSecond;
}

function leastServed(views: readonly AccountView[], alike: readonly number[], random: number): number {
  const weighted = alike.filter((i) => viewAt(views, i).weight > 0);
  const candidates = weighted.length > 0 ? weighted : alike;
  const served = candidates.map((i) => {
    const { latelyGiven, weight } = viewAt(views, i);
    return latelyGiven / (weight > 0 ? weight : 1);
  });
  const least = Math.min(...served);
  const equals = candidates.filter((_, i) => served[i] === least);
  return equals[Math.floor(random * equals.length)] ?? 0;
}

function viewAt(views: readonly AccountView[], index: number): AccountView {
  const view = views[index];
  if (view === undefined) throw new RangeError(`the account ${index} must be one of ${views.length}`);
  return view;
}
