/**
 * What digests cost. First each algorithm alone, MiB per second of CPU; then a body of 64 MiB in pieces of 64 KiB, as it comes from a
 * socket, with the digests of a PUT (MD5 and CRC64NVME), in this thread and in others.
 *
 *     node dist/bench/hashing.js
 *
 * Figures are medians. The main thread's CPU is read from /proc (Linux); work beside it on the machine falsifies rates, and CPU less so.
 */
import { readFileSync } from 'node:fs';
import { createHasher, hashAlgorithms, type HashAlgorithm } from '../runtime/hasher.js';
import type { Hashing } from '../runtime/hashing.js';
import { InThreadHashing } from '../runtime/in-thread-hashing.js';
import { NodeHashing } from '../runtime/node/hashing.js';

const mib = 1024 * 1024;
const runCount = 7;
const piece = new Uint8Array(64 * 1024).map((_, i) => Math.imul(i, 0x9e37_79b1) >>> 24);
const bodyBytes = 64 * mib;

process.stdout.write('algorithm    MiB/s at 4 KiB   at 64 KiB\n');
for (const algorithm of Object.keys(hashAlgorithms) as HashAlgorithm[]) {
  const rates = [4 * 1024, piece.byteLength].map((bytes) => {
    const view = piece.subarray(0, bytes);
    rate(algorithm, view, 8 * mib);
    return median(Array.from({ length: runCount }, () => rate(algorithm, view, 32 * mib)));
  });
  process.stdout.write(`${algorithm.padEnd(12)} ${rates.map((r) => r.toFixed(0).padStart(14)).join('')}\n`);
}

process.stdout.write('\n64 MiB, MD5 and CRC64NVME    MiB/s   main thread CPU ms   process CPU ms\n');
await report('in this thread', new InThreadHashing());
for (const slabKiB of [64, 256, 1024]) {
  const hashing = new NodeHashing({ slabBytes: slabKiB * 1024 });
  await report(`in another, slabs ${slabKiB} KiB`, hashing);
  await hashing.close();
}

/** MiB per second of this process's CPU; updates of `bytes` each. */
function rate(algorithm: HashAlgorithm, bytes: Uint8Array, totalBytes: number): number {
  const begun = process.cpuUsage();
  const hasher = createHasher(algorithm);
  for (let done = 0; done < totalBytes; done += bytes.byteLength) hasher.update(bytes);
  hasher.digest();
  const { user, system } = process.cpuUsage(begun);
  return totalBytes / mib / ((user + system) / 1e6);
}

async function report(name: string, hashing: Hashing): Promise<void> {
  await body(hashing);
  const runs: Cost[] = [];
  for (let run = 0; run < runCount; run += 1) runs.push(await body(hashing));
  const [wall, main, all] = (['wallMs', 'mainMs', 'processMs'] as const).map((key) => median(runs.map((r) => r[key])));
  const rates = [(bodyBytes / mib / (wall ?? 1)) * 1000, main ?? 0, all ?? 0];
  process.stdout.write(
    `${name.padEnd(26)} ${rates.map((value) => value.toFixed(0).padStart(7).padEnd(14)).join('')}\n`,
  );
}

interface Cost {
  readonly wallMs: number;
  readonly mainMs: number;
  readonly processMs: number;
}

async function body(hashing: Hashing): Promise<Cost> {
  const begun = { wall: performance.now(), main: mainThreadMs(), process: process.cpuUsage() };
  const stream = hashing.start(['md5', 'crc64nvme'], bodyBytes);
  for (let done = 0; done < bodyBytes; done += piece.byteLength) await stream.update(piece);
  await stream.finish();
  const { user, system } = process.cpuUsage(begun.process);
  return {
    wallMs: performance.now() - begun.wall,
    mainMs: mainThreadMs() - begun.main,
    processMs: (user + system) / 1000,
  };
}

/** CPU of the thread that runs JavaScript, or NaN where there is no such file. */
function mainThreadMs(): number {
  try {
    const [ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1);
    return Number(ns) / 1e6;
  } catch {
    return Number.NaN;
  }
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}
