import { RollingWindow } from './rolling-window.ts';

/** What `GET /sandbox/stats` answers. `requests` = `accepted` + `rejected` + `refused`. */
export interface SandboxStats {
  /** Calls of the API that arrived complete. */
  readonly requests: number;
  /** Calls within the quota, whatever they were answered. */
  readonly accepted: number;
  /** Calls beyond the quota, answered `RequestLimitExceeded`. */
  readonly rejected: number;
  /** Calls that did not get as far as the quota: bad signature, wrong action, too large. */
  readonly refused: number;
  readonly maxInRollingSecond: number;
  /** Arrivals that found the quota already used up by the 1000 ms before them. */
  readonly overRollingQuota: number;
  readonly inLastMinute: number;
  /** Ms epoch, null before the first call. */
  readonly firstArrivalAt: number | null;
  readonly lastArrivalAt: number | null;
  /** How often each code was answered; a call that got no readable answer counts under `fault:<its name>`. */
  readonly byCode: Readonly<Record<string, number>>;
}

export type ArrivalClass = 'accepted' | 'rejected' | 'refused';

/** Counts everything that arrives. One instance is one period between two resets. */
export class Statistics {
  readonly #quotaPerSecond: number;
  readonly #second = new RollingWindow(1000);
  readonly #minute = new RollingWindow(60_000);
  readonly #admissions: Record<ArrivalClass, number> = { accepted: 0, rejected: 0, refused: 0 };
  readonly #byCode = new Map<string, number>();
  #requests = 0;
  #maxInRollingSecond = 0;
  #overRollingQuota = 0;
  #firstArrivalAt: number | null = null;
  #lastArrivalAt: number | null = null;

  constructor(quotaPerSecond: number) {
    this.#quotaPerSecond = quotaPerSecond;
  }

  recordArrival(at: number): void {
    const inSecond = this.#second.add(at);
    this.#minute.add(at);
    this.#requests += 1;
    this.#maxInRollingSecond = Math.max(this.#maxInRollingSecond, inSecond);
    if (inSecond > this.#quotaPerSecond) this.#overRollingQuota += 1;
    this.#firstArrivalAt ??= at;
    this.#lastArrivalAt = at;
  }

  recordAdmission(admission: ArrivalClass): void {
    this.#admissions[admission] += 1;
  }

  recordCode(code: string): void {
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
  }

  snapshot(now: number): SandboxStats {
    return {
      requests: this.#requests,
      ...this.#admissions,
      maxInRollingSecond: this.#maxInRollingSecond,
      overRollingQuota: this.#overRollingQuota,
      inLastMinute: this.#minute.countAt(now),
      firstArrivalAt: this.#firstArrivalAt,
      lastArrivalAt: this.#lastArrivalAt,
      byCode: Object.fromEntries([...this.#byCode].sort(([a], [b]) => a.localeCompare(b))),
    };
  }
}
