import type { LimiterRecord } from './limiter-record.ts';

type Lost = 'lostPausedUs' | 'lostHeldUs' | 'lostSlowUs' | 'lostRateUs';

function lostNow(record: LimiterRecord): { readonly permille: number; readonly name: Lost | null } {
  if (record.pausedSinceUs > 0) return { permille: 1000, name: 'lostPausedUs' };
  if (record.gate === 'held') return { permille: 1000, name: 'lostHeldUs' };
  if (record.gate === 'slow') return { permille: 1000, name: 'lostSlowUs' };
  const full = record.size * 1000;
  if (record.rateMilli < full) {
    return { permille: Math.floor(((full - record.rateMilli) * 1000) / full), name: 'lostRateUs' };
  }
  return { permille: 0, name: null };
}

/** The state that was read held until now. */
export function addLostTime(record: LimiterRecord, nowUs: number): LimiterRecord {
  const { permille, name } = lostNow(record);
  if (name === null || record.lostSinceUs === 0) return record;
  const lostUs = Math.floor((Math.max(0, nowUs - record.lostSinceUs) * permille) / 1000);
  return { ...record, [name]: record[name] + lostUs };
}

export function startLostTime(record: LimiterRecord, nowUs: number): LimiterRecord {
  return { ...record, lostSinceUs: lostNow(record).name === null ? 0 : nowUs };
}
