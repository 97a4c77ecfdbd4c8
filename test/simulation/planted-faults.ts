/** A change of the source that breaks a promise. The simulation must find each. */
export interface PlantedFault {
  readonly name: string;
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
  /** The kind of fault without which it does no harm. */
  readonly having?: string;
  /** What the seeds that bring it to light are about: see `plan.ts`. */
  readonly theme?: string;
}

const SCRIPTS = 'shared/store/scripts';
const FRAGMENTS = `${SCRIPTS}/fragments`;
const LIMITER = 'shared/account/limiter/fragments/slots.lua';
const DELIVERY = 'worker/delivery/attempt-post.ts';

export const plantedFaults: readonly PlantedFault[] = [
  {
    name: 'the subject stays when the outcome is written',
    file: `${SCRIPTS}/finish.lua`,
    from: 'shred(subject, photosStored, unfinishedIndex, tag, id)\n',
    to: '',
  },
  {
    name: 'the subject is deleted, and still counted as stored',
    file: `${FRAGMENTS}/shred.lua`,
    from: "if redis.call('DEL', subject) == 1 then redis.call('HINCRBY', photosStored, 'now', -1) end",
    to: "redis.call('DEL', subject)",
  },
  {
    name: 'what has an outcome stays among what waits',
    file: `${FRAGMENTS}/shred.lua`,
    from: "redis.call('ZREM', unfinishedIndex, id)\n",
    to: '\n',
  },
  {
    name: 'a claim that ends leaves its count in flight',
    file: `${FRAGMENTS}/release-claim.lua`,
    from: 'countOut(inFlight, worker)\n',
    to: '\n',
  },
  {
    name: 'the call that brings the outcome is not noted',
    file: `${SCRIPTS}/finish.lua`,
    from: 'noteCall(record, tag, call, attempt, isListed, day, entry, known)\ncountOut',
    to: 'countOut',
  },
  {
    name: 'the call that is followed by another is not noted',
    file: `${SCRIPTS}/postpone.lua`,
    from: 'noteCall(record, tag, call, attempt, isListed, day, entry)\n',
    to: '',
  },
  {
    name: 'a call whose worker died is not noted',
    file: `${SCRIPTS}/claim.lua`,
    from: "if before[6] then noteLostCall(record, tag, client, crashCode, day, '') end",
    to: '',
    having: 'kill_worker',
  },
  {
    name: 'no mark that a request leaves is written',
    file: `${SCRIPTS}/mark-sent.lua`,
    from: "redis.call('HSET', record, field, at, 'sentCall', call .. ' ' .. at)",
    to: '',
  },
  {
    name: 'each call is counted twice in the ledger',
    file: `${FRAGMENTS}/count-call.lua`,
    from: 'addToLedger(ledger, entry, 1)',
    to: 'addToLedger(ledger, entry, 2)',
  },
  {
    name: 'a postponed verification keeps its claim',
    file: `${SCRIPTS}/postpone.lua`,
    from: 'releaseClaim(record, inFlight)\n',
    to: '\n',
  },
  {
    name: 'the limiter opens its window after half a second',
    file: LIMITER,
    from: 'notAfterUs + spanUs, r.silentUntilUs',
    to: 'notAfterUs + spanUs / 2, r.silentUntilUs',
  },
  {
    name: 'the limiter counts one slot too many',
    file: LIMITER,
    from: 'local count = math.ceil(r.rateMilli / 1000)',
    to: 'local count = math.ceil(r.rateMilli / 1000) + 1',
    theme: 'burst',
  },
  {
    name: 'the limiter writes slots down earlier than they are used',
    file: LIMITER,
    from: 'slots[r.seq % r.size] = atUs + cfg.toleranceUs',
    to: 'slots[r.seq % r.size] = atUs - 300000',
    theme: 'burst',
  },
  {
    name: 'slots are not kept in the limiter',
    file: 'shared/account/limiter/fragments/record.lua',
    from: "for index, value in pairs(slots) do write('s' .. int(index), int(value)) end",
    to: '',
  },
  {
    name: 'a request leaves when its slot is reserved, and not when it is due',
    file: 'worker/verification/call-upstream.ts',
    from: "if (marking === 'marked' && !signal.aborted) return slot.due();",
    to: "if (marking === 'marked' && !signal.aborted) { void slot.due(); return 'due'; }",
  },
  {
    name: 'the numbers of events go up by two',
    file: `${FRAGMENTS}/number-event.lua`,
    from: "redis.pcall('HINCRBY', numbers, client, 1)",
    to: "redis.pcall('HINCRBY', numbers, client, 2)",
  },
  {
    name: 'each delivery has a webhook-id of its own',
    file: DELIVERY,
    from: 'id: webhookId(id),',
    to: 'id: webhookId(id) + String(Math.floor(now())),',
  },
  {
    name: 'a repeated delivery has another body',
    file: DELIVERY,
    from: 'Buffer.from(event);',
    to: "Buffer.from(event + ' '.repeat(Math.floor(now()) % 7));",
  },
  {
    name: 'events are signed for another second',
    file: DELIVERY,
    from: 'const timestampSeconds = Math.floor(now() / 1000);',
    to: 'const timestampSeconds = Math.floor(now());',
  },
  {
    name: 'a 503 counts as delivered',
    file: 'shared/webhook/post-event.ts',
    from: 'status >= 200 && status <= 299',
    to: 'status >= 200 && status <= 599',
  },
  {
    name: 'an event says nothing of a second bill',
    file: 'worker/verification/possibly-billed-again.ts',
    from: "return maybeBilled.length > 1 || resolveOutcome(code).kind === 'unknown';",
    to: 'return false;',
  },
  {
    name: 'a delivered event is delivered again',
    file: `${SCRIPTS}/record-delivery.lua`,
    from: "redis.call('HSET', record, 'deliveryStatus', status, 'deliveryAttempts'",
    to: "redis.call('HSET', record, 'deliveryStatus', 'retrying', 'deliveryAttempts'",
  },
  {
    name: 'a script that Redis has forgotten is not sent again',
    file: 'shared/store/redis/script.ts',
    from: "error.message.startsWith('NOSCRIPT')",
    to: "error.message.startsWith('NEVER')",
    having: 'flush_scripts',
  },
  {
    name: 'a connection stays with what was the primary',
    file: 'shared/store/redis/primary-search.ts',
    from: 'if (!/\\bREADONLY\\b/.test(error.message) || now() - begunAt < SEARCH_INTERVAL_MS) return false;',
    to: 'if (error.message !== String(now())) return false;',
    theme: 'failovers',
  },
  {
    name: 'a write that Redis refuses is not tried again',
    file: 'shared/store/redis/patient-writes.ts',
    from: 'if (!this.note(error) || this.#stopping.signal.aborted) throw error;',
    to: 'this.note(error); throw error;',
    theme: 'full',
  },
  {
    name: 'the event names another code than the answer did',
    file: DELIVERY,
    from: 'Buffer.from(event);',
    to: "Buffer.from(event.replaceAll('PoorQuality', 'SizeError'));",
  },
  {
    name: 'an outcome is written without its event',
    file: `${SCRIPTS}/finish.lua`,
    from: "if event ~= '' then\n  local number",
    to: 'if false then\n  local number',
  },
  {
    name: 'a call is charged to a day that has not come',
    file: `${FRAGMENTS}/count-call.lua`,
    from: 'local ledger, entry = ledgerKey(tag, day), withoutAccount(entryOfAccount)',
    to: "local ledger, entry = ledgerKey(tag, '2039-01-01'), withoutAccount(entryOfAccount)",
  },
  {
    name: 'the schedule takes a refusal for a delivery',
    file: 'worker/delivery/delivery-schedule.ts',
    from: "if (result.result === 'accepted') return { step: 'delivered' };",
    to: "if (result.result !== 'unreachable') return { step: 'delivered' };",
  },
  {
    name: 'an event that was not taken is a dead letter at once',
    file: 'worker/delivery/delivery-schedule.ts',
    from: "if (delayMs === undefined) return { step: 'dead' };",
    to: "if (delayMs !== undefined) return { step: 'dead' };",
  },
  {
    name: 'every acceptance is counted as two photos',
    file: `${SCRIPTS}/accept.lua`,
    from: "redis.call('HINCRBY', photosStored, 'now', 1)",
    to: "redis.call('HINCRBY', photosStored, 'now', 2)",
  },
  {
    name: 'weights do not count',
    file: `${FRAGMENTS}/shares.lua`,
    from: 'return math.floor(DEFAULT_WEIGHT * 65536 / weight + 0.5) / 65536 end',
    to: 'return 1 end',
    theme: 'shares',
  },
  {
    name: 'a call takes no turn of its client',
    file: `${FRAGMENTS}/shares.lua`,
    from: 'shares.setStart(share, tag + shares.unit(share.weight or shares.weightNow(share)))',
    to: 'shares.setStart(share, tag)',
    theme: 'shares',
  },
  {
    name: 'the virtual time passes what has not been asked about',
    file: `${FRAGMENTS}/grant-turn.lua`,
    from: 'v = timeOf(tag, called, class, base, v, turnTag)',
    to: 'v = turnTag',
    theme: 'shares',
  },
  {
    name: 'ids say who is first in a line',
    file: `${FRAGMENTS}/shares.lua`,
    from: 'shares.exact(shares.scoreInLine(share, id, kind))',
    to: 'kind',
    theme: 'shares',
  },
  {
    name: 'the list of attempts leaves one out',
    file: `${FRAGMENTS}/list-call.lua`,
    from: "local fields = {'attempt:' .. nth, attempt}",
    to: "local fields = {'attempt:' .. (nth > 1 and nth - 1 or nth), attempt}",
  },
  {
    name: 'what was answered though its mark was forgotten stays among what was not asked about',
    file: 'shared/store/scripts/finish.lua',
    from: "if shareTag then shares.endTurn(tag, now[3], owner, id, attempt ~= '') end",
    to: "if shareTag and attempt == '' then shares.endTurn(tag, now[3], owner, id, false) end",
    having: 'redis_failover',
  },
];
