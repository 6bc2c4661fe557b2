/** Checks of how full OSDs are. */
import type { HealthCode } from './codes.js';
import { counted, percent, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput } from './types.js';

export function checkSpace(input: HealthInput): HealthCheck[] {
  return [...checkRatios(input), ...checkFullness(input)];
}

function checkRatios({ settings: { nearfullRatio, backfillfullRatio, fullRatio } }: HealthInput): HealthCheck[] {
  const ratios = [
    ['nearfull', nearfullRatio],
    ['backfillfull', backfillfullRatio],
    ['full', fullRatio],
    ['all of it', 1],
  ] as const;
  const detail: string[] = [];
  ratios.forEach(([name, ratio], index) => {
    const next = ratios[index + 1];
    if (next !== undefined && ratio > next[1]) detail.push(`${name} (${ratio}) is above ${next[0]} (${next[1]})`);
  });
  return raiseIfAny('OSD_OUT_OF_ORDER_FULL', detail, 'full ratios are out of order');
}

/** Each OSD is named once, by the worst that is true of it. */
function checkFullness({ map, osds, settings }: HealthInput): HealthCheck[] {
  const levels: readonly { readonly code: HealthCode; readonly word: string; readonly from: number }[] = [
    { code: 'OSD_FULL', word: 'full', from: settings.fullRatio },
    { code: 'OSD_BACKFILLFULL', word: 'backfillfull', from: settings.backfillfullRatio },
    { code: 'OSD_NEARFULL', word: 'nearfull', from: settings.nearfullRatio },
  ];
  const lines = levels.map((): string[] => []);
  for (const id of [...osds.keys()].sort((a, b) => a - b)) {
    const osd = osds.get(id);
    if (osd === undefined || osd.totalBytes === 0 || map.osds.get(id)?.isUp !== true) continue;
    const ratio = osd.usedBytes / osd.totalBytes;
    const level = levels.findIndex(({ from }) => ratio >= from);
    lines[level]?.push(`osd.${id} is ${percent(ratio)} full`);
  }
  return levels.flatMap(({ code, word }, index) => {
    const detail = lines[index] ?? [];
    return detail.length === 0 ? [] : [raise(code, { summary: `${counted(detail.length, 'osd')} ${word}`, detail })];
  });
}
