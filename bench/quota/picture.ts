import { countBefore } from './judge.ts';
import type { QuotaResult } from './quota-run.ts';

const WIDTH = 860;
const PANEL = 150;
const LEFT = 44;
const RIGHT = 16;
const TOP = 30;
const SECONDS = 20;

/** An SVG with one panel per result: requests that arrived in the second before each arrival, against the limit. */
export function drawQuotaPicture(results: readonly QuotaResult[]): string {
  const height = results.length * PANEL + 24;
  const most = Math.max(...results.map(({ judgement }) => judgement.mostInRollingSecond), 20);
  const panels = results.map((result, index) => drawPanel(result, index * PANEL, most + 2));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>Requests in the rolling second before each arrival, ${SECONDS} seconds of a saturated queue</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels,
    `<text x="${WIDTH - RIGHT}" y="${height - 8}" fill="#57606a" text-anchor="end">requests in the second before each arrival, over ${SECONDS} s</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  { case: { name, quota }, judgement, arrivals }: QuotaResult,
  top: number,
  most: number,
): string {
  const times = arrivals.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const start = (times[0] ?? 0) + 1000;
  const x = (time: number) => LEFT + ((time - start) / (SECONDS * 1000)) * (WIDTH - LEFT - RIGHT);
  const y = (count: number) => top + PANEL - 8 - (count / most) * (PANEL - TOP - 8);
  const shown = countBefore(times)
    .map((count, index) => ({ time: times[index] ?? 0, count: count + 1 }))
    .filter(({ time }) => time >= start && time <= start + SECONDS * 1000);
  const line = shown.map(({ time, count }) => `${x(time).toFixed(1)},${y(count).toFixed(1)}`).join(' ');
  const over = shown.filter(({ count }) => count > quota);
  const dots = over.map(
    ({ time, count }) =>
      `<circle cx="${x(time).toFixed(1)}" cy="${y(count).toFixed(1)}" r="2.2" fill="#cf222e"/>`,
  );
  const figures = `${judgement.utilization.toFixed(1)} % used, most ${judgement.mostInRollingSecond}, ${judgement.over} of ${judgement.arrivals} over the limit`;
  return [
    `<text x="${LEFT}" y="${top + 18}" font-weight="600" fill="#1f2328">${escapeText(name)}</text>`,
    `<text x="${WIDTH - RIGHT}" y="${top + 18}" fill="#57606a" text-anchor="end">${figures}</text>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(0)}" y2="${y(0)}" stroke="#d0d7de"/>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(quota)}" y2="${y(quota)}" stroke="#cf222e" stroke-dasharray="4 3"/>`,
    `<text x="${LEFT - 6}" y="${y(quota) + 4}" fill="#cf222e" text-anchor="end">${quota}</text>`,
    `<text x="${LEFT - 6}" y="${y(0) + 4}" fill="#57606a" text-anchor="end">0</text>`,
    `<polyline points="${line}" fill="none" stroke="#0969da" stroke-width="1.4"/>`,
    ...dots,
  ].join('\n');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
