/** What the machine knows about this process, for its scrape. Names are those that exporters for Prometheus share. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { MetricsRegistry } from '../../base/metrics/registry.js';

/** The loop is looked at so often; the delays that Node records include it. */
const resolutionMs = 10;

/** Quantiles are of this window or the one before it, so that several scrapers do not spoil each other's view. */
const windowMs = 60_000;

const quantiles = ['0.5', '0.99', '1'] as const;

export interface ProcessMetrics {
  /** The longest turn of the event loop of the last one to two minutes, beyond what it should be. DESIGN.md §8. */
  loopDelayMsMax(): number;
  /** Stops watching. Idempotent. */
  close(): void;
}

export function exportProcessMetrics(registry: MetricsRegistry): ProcessMetrics {
  const delays = new LoopDelays();
  exportMemory(registry);
  registry.read('counter', { name: 'process_cpu_seconds_total', help: 'CPU time, user and system.' }, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  // performance.timeOrigin is milliseconds since the epoch when the process began.
  registry.read('gauge', { name: 'process_start_time_seconds', help: 'Start, in seconds since the epoch.' }, () => {
    return performance.timeOrigin / 1_000;
  });
  registry.read('gauge', { name: 'process_open_fds', help: 'Open file descriptors.' }, openDescriptors);
  registry.readAll(
    'gauge',
    {
      name: 'nodejs_eventloop_delay_seconds',
      help: 'How late the event loop turned, by quantile, over the last one to two minutes.',
      labels: ['quantile'],
    },
    () => quantiles.map((quantile) => ({ labels: { quantile }, value: delays.quantileMs(Number(quantile)) / 1_000 })),
  );
  return { loopDelayMsMax: () => delays.quantileMs(1), close: () => delays.close() };
}

function exportMemory(registry: MetricsRegistry): void {
  const parts = [
    { name: 'process_resident_memory_bytes', help: 'Resident memory.', read: () => process.memoryUsage.rss() },
    { name: 'nodejs_heap_size_used_bytes', help: 'Heap in use.', read: () => process.memoryUsage().heapUsed },
    { name: 'nodejs_heap_size_total_bytes', help: 'Heap allocated.', read: () => process.memoryUsage().heapTotal },
    {
      name: 'nodejs_external_memory_bytes',
      help: 'Memory outside of the heap that objects hold, buffers included.',
      read: () => process.memoryUsage().external,
    },
  ];
  for (const { name, help, read } of parts) registry.read('gauge', { name, help }, read);
}

/** `undefined` where the system does not show them. The listing itself holds one. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

/** The delays of the present window and of the one before. */
class LoopDelays {
  #present = start();
  #previous: IntervalHistogram | undefined;
  #since = performance.now();

  quantileMs(quantile: number): number {
    this.#turn();
    return Math.max(delayMs(this.#present, quantile), delayMs(this.#previous, quantile));
  }

  close(): void {
    this.#present.disable();
  }

  #turn(): void {
    const now = performance.now();
    if (now - this.#since < windowMs) return;
    this.#since = now;
    this.#present.disable();
    this.#previous = this.#present;
    this.#present = start();
  }
}

function start(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return histogram;
}

function delayMs(histogram: IntervalHistogram | undefined, quantile: number): number {
  if (histogram === undefined || histogram.count === 0) return 0;
  const nanoseconds = quantile === 1 ? histogram.max : histogram.percentile(quantile * 100);
  return Math.max(0, nanoseconds / 1e6 - resolutionMs);
}
