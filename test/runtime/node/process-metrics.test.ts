import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { MetricsRegistry } from '../../../base/metrics/registry.js';
import { exportProcessMetrics } from '../../../runtime/node/process-metrics.js';
import { claim, until } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

function valueOf(registry: MetricsRegistry, series: string): number {
  const line = registry
    .render()
    .split('\n')
    .find((candidate) => candidate.startsWith(`${series} `));
  assert.ok(line !== undefined, `${series} is missing`);
  return Number(line.slice(series.length + 1));
}

describe('runtime/node: process metrics', () => {
  claim('show memory, CPU, descriptors and start of this process', openNodeHarness, async ({ runtime }) => {
    const registry = new MetricsRegistry();
    const metrics = exportProcessMetrics(registry);
    try {
      const megabyte = 2 ** 20;
      for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
        assert.ok(valueOf(registry, name) > 10 * megabyte, name);
      }
      assert.ok(valueOf(registry, 'nodejs_heap_size_total_bytes') >= valueOf(registry, 'nodejs_heap_size_used_bytes'));
      assert.ok(valueOf(registry, 'nodejs_external_memory_bytes') > 0);
      assert.ok(valueOf(registry, 'process_cpu_seconds_total') > 0.05);
      const started = valueOf(registry, 'process_start_time_seconds');
      assert.ok(started > 1.6e9 && started <= runtime.clock.wall() / 1_000);
      const before = valueOf(registry, 'process_open_fds');
      const descriptor = openSync('/dev/null', 'r');
      assert.equal(valueOf(registry, 'process_open_fds'), before + 1);
      closeSync(descriptor);
    } finally {
      metrics.close();
    }
  });

  claim('show a turn of the event loop that took too long', openNodeHarness, async ({ runtime }) => {
    const registry = new MetricsRegistry();
    const metrics = exportProcessMetrics(registry);
    try {
      // The first delay is measured from the first look on.
      await runtime.clock.sleep(30);
      const end = runtime.clock.now() + 120;
      while (runtime.clock.now() < end);
      await until(runtime, 'it was seen', () => metrics.loopDelayMsMax() >= 90);
      assert.ok(valueOf(registry, 'nodejs_eventloop_delay_seconds{quantile="1"}') >= 0.09);
      assert.ok(valueOf(registry, 'nodejs_eventloop_delay_seconds{quantile="0.5"}') < 0.09);
    } finally {
      metrics.close();
    }
  });
});
