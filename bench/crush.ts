/**
 * Mappings per second for 1,000 devices in 10 racks of 10 hosts of 10 (straw2, jewel), 3 replicas on distinct hosts or
 * racks, beside `crushtool --test` on the same map where it is installed.
 *
 *     node dist/bench/crush.js [--json]
 *
 * Both run on one core and the figures are medians of interleaved runs. Of crushtool, a short and a long range of inputs
 * are timed and subtracted, so that its start does not count; what its tester does besides mapping (it counts per device)
 * does count, and cannot be told apart from outside.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCrushMap } from '../crush/compiled-map.js';
import { CrushMapper } from '../crush/mapper.js';
import { parseCrushText } from '../crush/text-parser.js';
import { weightOne } from '../crush/types.js';

const deviceCount = 1000;
const replicas = 3;
const runCount = 7;
const inputsPerRun = 200_000;
const shortRange = 10_000;
const longRange = 110_000;
const domains = ['host', 'rack'] as const;

interface Result {
  readonly domain: string;
  readonly mappingsPerSecond: number;
  readonly crushtoolPerSecond: number | undefined;
  readonly ratio: number | undefined;
  readonly heapBytesPerMapping: number;
}

const text = mapText();
const map = compileCrushMap(parseCrushText(text));
const mapper = new CrushMapper(map);
const weights = new Uint32Array(deviceCount).fill(weightOne);
const out = new Int32Array(replicas);

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
try {
  const results = measure(compileForCrushtool());
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(results)}\n` : table(results));
} finally {
  rmSync(folder, { recursive: true });
}

function measure(binary: string | undefined): Result[] {
  domains.forEach((_, rule) => runMapper(rule, inputsPerRun));
  return domains.map((domain, rule) => {
    const own: number[] = [];
    const others: number[] = [];
    for (let run = 0; run < runCount; run++) {
      own.push(inputsPerRun / timed(() => runMapper(rule, inputsPerRun)));
      if (binary !== undefined) others.push(crushtoolRate(binary, rule));
    }
    const crushtoolPerSecond = binary === undefined ? undefined : median(others);
    const mappingsPerSecond = median(own);
    const ratio = crushtoolPerSecond === undefined ? undefined : mappingsPerSecond / crushtoolPerSecond;
    return { domain, mappingsPerSecond, crushtoolPerSecond, ratio, heapBytesPerMapping: heapBytesPerMapping(rule) };
  });
}

function runMapper(rule: number, inputs: number): void {
  for (let x = 0; x < inputs; x++) mapper.map(rule, x, replicas, weights, out);
}

/** What a million mappings add to the heap. Falls, when garbage is collected, are left out. */
function heapBytesPerMapping(rule: number): number {
  const batchCount = 20;
  const batch = 50_000;
  let added = 0;
  for (let i = 0; i < batchCount; i++) {
    const before = process.memoryUsage().heapUsed;
    runMapper(rule, batch);
    added += Math.max(0, process.memoryUsage().heapUsed - before);
  }
  return added / (batchCount * batch);
}

function crushtoolRate(binary: string, rule: number): number {
  const test = (count: number): number =>
    timed(() => {
      const range = ['--rule', rule, '--num-rep', replicas, '--min-x', 0, '--max-x', count - 1];
      execFileSync('crushtool', ['-i', binary, '--test', ...range.map(String)], { stdio: 'ignore' });
    });
  return (longRange - shortRange) / (test(longRange) - test(shortRange));
}

function compileForCrushtool(): string | undefined {
  const source = join(folder, 'map.txt');
  const binary = join(folder, 'map.bin');
  writeFileSync(source, text);
  return spawnSync('crushtool', ['-c', source, '-o', binary]).status === 0 ? binary : undefined;
}

/** In seconds. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function table(results: readonly Result[]): string {
  const rate = (value: number | undefined): string =>
    value === undefined ? '-' : Math.round(value).toLocaleString('en');
  const rows = [
    ['domain', 'mappings/s', 'crushtool/s', 'ratio', 'heap bytes/mapping'],
    ...results.map((r) => [
      r.domain,
      rate(r.mappingsPerSecond),
      rate(r.crushtoolPerSecond),
      r.ratio?.toFixed(2) ?? '-',
      r.heapBytesPerMapping.toFixed(3),
    ]),
  ];
  return rows.map((row) => `${row.map((cell, i) => cell.padStart(i === 0 ? 6 : 20)).join('')}\n`).join('');
}

function mapText(): string {
  const bucket = (type: string, name: string, id: number, items: readonly string[], weight: number): string[] => [
    `${type} ${name} {`,
    `id ${id}`,
    'alg straw2',
    'hash 0',
    ...items.map((item) => `item ${item} weight ${weight}.000`),
    '}',
  ];
  const ten = Array.from({ length: 10 }, (_, i) => i);
  const lines = [
    'tunable choose_local_tries 0',
    'tunable choose_local_fallback_tries 0',
    'tunable choose_total_tries 50',
  ];
  lines.push('tunable chooseleaf_descend_once 1', 'tunable chooseleaf_vary_r 1', 'tunable chooseleaf_stable 1');
  lines.push('tunable straw_calc_version 1', 'tunable allowed_bucket_algs 54');
  for (let id = 0; id < deviceCount; id++) lines.push(`device ${id} osd.${id}`);
  ['osd', 'host', 'rack', 'root'].forEach((name, type) => lines.push(`type ${type} ${name}`));
  for (const rack of ten) {
    for (const host of ten) {
      const number = rack * 10 + host;
      const devices = ten.map((device) => `osd.${number * 10 + device}`);
      lines.push(...bucket('host', `host${number}`, -100 - number, devices, 1));
    }
    const hosts = ten.map((host) => `host${rack * 10 + host}`);
    lines.push(...bucket('rack', `rack${rack}`, -2 - rack, hosts, 10));
  }
  lines.push(
    ...bucket(
      'root',
      'default',
      -1,
      ten.map((rack) => `rack${rack}`),
      100,
    ),
  );
  domains.forEach((domain, rule) => {
    lines.push(
      `rule by-${domain} {`,
      `id ${rule}`,
      'type replicated',
      'min_size 1',
      'max_size 10',
      'step take default',
    );
    lines.push(`step chooseleaf firstn 0 type ${domain}`, 'step emit', '}');
  });
  return `${lines.join('\n')}\n`;
}
