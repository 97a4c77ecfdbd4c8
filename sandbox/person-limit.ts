/** Attempts allowed about one ID number in one calendar minute and in one calendar day. */
const PER_MINUTE = 15;
const PER_DAY = 30;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The service's day is China's: it ends at 00:00 +08:00. Said here too, so that the sandbox does not repeat a worker's mistake. */
const CHINA_OFFSET_MS = 8 * 3_600_000;

interface Windows {
  minute: number;
  inMinute: number;
  day: number;
  inDay: number;
}

/**
 * The limit on attempts about one identity, which the service answers with `FailedOperation.IdentityAuthLimitExceeded` for both
 * of its windows. The API page does not say where a window begins; calendar minutes and days are assumed, and refused
 * attempts are not counted.
 */
export class PersonLimit {
  readonly #people = new Map<string, Windows>();

  /** Whether one more attempt about this person is allowed now; counts it if so. */
  take(idCard: string, now: number): boolean {
    const minute = Math.floor(now / MINUTE_MS);
    const day = Math.floor((now + CHINA_OFFSET_MS) / DAY_MS);
    const seen = this.#people.get(idCard);
    const inMinute = seen?.minute === minute ? seen.inMinute : 0;
    const inDay = seen?.day === day ? seen.inDay : 0;
    if (inMinute >= PER_MINUTE || inDay >= PER_DAY) return false;
    this.#people.set(idCard, { minute, inMinute: inMinute + 1, day, inDay: inDay + 1 });
    return true;
  }
}
