import { civilDateOf, dayMs } from './civil-date.js';
import type { WallMs } from './instants.js';

/** ISO 8601 in UTC with milliseconds: `2026-11-20T22:26:39.123Z`. Years 0000 to 9999; other instants are cut to those. */
export function utcText(at: WallMs): string {
  const ms = Math.min(Math.max(Math.floor(at), firstMs), lastMs);
  const days = Math.floor(ms / dayMs);
  const ofDay = ms - days * dayMs;
  const { year, month, day } = civilDateOf(days);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const seconds = Math.floor(ofDay / 1000);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${date}T${time.map((part) => digits(part, 2)).join(':')}.${digits(ofDay % 1000, 3)}Z`;
}

/** 0000-01-01 and the last millisecond of 9999. */
const firstMs = -62_167_219_200_000;
const lastMs = 253_402_300_799_999;

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
