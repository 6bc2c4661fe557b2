import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Histogram, exponentialBuckets, latencyBuckets, sizeBuckets } from '../../../base/metrics/histogram.js';
import { MetricsRegistry } from '../../../base/metrics/registry.js';

/** Without the registry's own two metrics. */
function rendered(registry: MetricsRegistry): string {
  return registry
    .render()
    .split('\n')
    .filter((line) => !line.includes('cairn_metrics_'))
    .join('\n');
}

function own(registry: MetricsRegistry, name: string): string | undefined {
  return registry
    .render()
    .split('\n')
    .find((line) => line.startsWith(`${name} `));
}

describe('metrics: the text format', () => {
  it('is empty but for the registry itself', () => {
    assert.equal(
      new MetricsRegistry().render(),
      `# HELP cairn_metrics_overflows_total Uses of labelled metrics that were counted as "other" because the metric has too many series.
# TYPE cairn_metrics_overflows_total counter
cairn_metrics_overflows_total 0
# HELP cairn_metrics_read_failures_total Metrics left out of a scrape because reading them failed.
# TYPE cairn_metrics_read_failures_total counter
cairn_metrics_read_failures_total 0
`,
    );
  });

  it('shows every kind, sorted by name, with series in the order of first use', () => {
    const registry = new MetricsRegistry();
    const seconds = registry.histogram({ name: 'cairn_osd_write_seconds', help: 'Writes.', buckets: [0.001, 0.5, 2] });
    for (const value of [0.0005, 0.001, 0.25, 2, 7.5]) seconds.observe(value);
    const sizes = registry.histograms({ name: 'cairn_osd_write_bytes', help: 'S.', labels: ['pool'], buckets: [4096] });
    sizes.with({ pool: 'b' }).observe(4096);
    sizes.with({ pool: 'a' }).observe(4097);
    const calls = registry.counters({ name: 'cairn_osd_ops_total', help: 'Ops.', labels: ['op', 'result'] });
    const puts = calls.with({ op: 'put', result: 'ok' });
    puts.add();
    puts.add(2.5);
    calls.with({ op: 'get', result: 'NOT_FOUND' }).add();
    const depth = registry.gauge({ name: 'cairn_mon_queue_depth', help: 'Depth.' });
    depth.set(7);
    depth.add(-3);
    registry
      .gauges({ name: 'cairn_mon_lag', help: 'Lag.', labels: ['peer'] })
      .with({ peer: 'mon.b' })
      .set(-1e21);
    registry.read('gauge', { name: 'cairn_mon_term', help: 'Term.' }, () => 12);
    registry.readAll('counter', { name: 'cairn_mon_sent_total', help: 'Sent.', labels: ['peer'] }, () => [
      { labels: { peer: 'mon.c' }, value: 3 },
      { labels: { peer: 'mon.b' }, value: 4 },
    ]);
    assert.equal(
      rendered(registry),
      `# HELP cairn_mon_lag Lag.
# TYPE cairn_mon_lag gauge
cairn_mon_lag{peer="mon.b"} -1e+21
# HELP cairn_mon_queue_depth Depth.
# TYPE cairn_mon_queue_depth gauge
cairn_mon_queue_depth 4
# HELP cairn_mon_sent_total Sent.
# TYPE cairn_mon_sent_total counter
cairn_mon_sent_total{peer="mon.c"} 3
cairn_mon_sent_total{peer="mon.b"} 4
# HELP cairn_mon_term Term.
# TYPE cairn_mon_term gauge
cairn_mon_term 12
# HELP cairn_osd_ops_total Ops.
# TYPE cairn_osd_ops_total counter
cairn_osd_ops_total{op="put",result="ok"} 3.5
cairn_osd_ops_total{op="get",result="NOT_FOUND"} 1
# HELP cairn_osd_write_bytes S.
# TYPE cairn_osd_write_bytes histogram
cairn_osd_write_bytes_bucket{pool="b",le="4096"} 1
cairn_osd_write_bytes_bucket{pool="b",le="+Inf"} 1
cairn_osd_write_bytes_sum{pool="b"} 4096
cairn_osd_write_bytes_count{pool="b"} 1
cairn_osd_write_bytes_bucket{pool="a",le="4096"} 0
cairn_osd_write_bytes_bucket{pool="a",le="+Inf"} 1
cairn_osd_write_bytes_sum{pool="a"} 4097
cairn_osd_write_bytes_count{pool="a"} 1
# HELP cairn_osd_write_seconds Writes.
# TYPE cairn_osd_write_seconds histogram
cairn_osd_write_seconds_bucket{le="0.001"} 2
cairn_osd_write_seconds_bucket{le="0.5"} 3
cairn_osd_write_seconds_bucket{le="2"} 4
cairn_osd_write_seconds_bucket{le="+Inf"} 5
cairn_osd_write_seconds_sum 9.7515
cairn_osd_write_seconds_count 5
`,
    );
  });

  it('escapes help and label values, and writes infinities as Prometheus reads them', () => {
    const registry = new MetricsRegistry();
    const gauges = registry.gauges({ name: 'cairn_test_state', help: 'A \\ and\na "line".', labels: ['what'] });
    gauges.with({ what: 'C:\\dir "x"\nnext' }).set(Infinity);
    gauges.with({ what: '' }).set(-Infinity);
    gauges.with({ what: 'ü€😀' }).set(Number.NaN);
    gauges.with({ what: 'x'.repeat(1000) }).set(1);
    assert.equal(
      rendered(registry),
      `# HELP cairn_test_state A \\\\ and\\na "line".
# TYPE cairn_test_state gauge
cairn_test_state{what="C:\\\\dir \\"x\\"\\nnext"} +Inf
cairn_test_state{what=""} -Inf
cairn_test_state{what="ü€😀"} NaN
cairn_test_state{what="${'x'.repeat(256)}"} 1
`,
    );
  });
});

describe('metrics: bounds and failures', () => {
  it('counts what exceeds seriesMax together as "other", and says so', () => {
    const registry = new MetricsRegistry();
    const labels = ['client'] as const;
    const ops = registry.counters({ name: 'cairn_test_ops_total', help: 'Ops.', labels, seriesMax: 2 });
    for (const client of ['a', 'b', 'c', 'd', 'a', 'c']) ops.with({ client }).add();
    assert.equal(
      rendered(registry),
      `# HELP cairn_test_ops_total Ops.
# TYPE cairn_test_ops_total counter
cairn_test_ops_total{client="a"} 2
cairn_test_ops_total{client="b"} 1
cairn_test_ops_total{client="other"} 3
`,
    );
    assert.equal(own(registry, 'cairn_metrics_overflows_total'), 'cairn_metrics_overflows_total 3');
    ops.remove({ client: 'a' });
    ops.with({ client: 'e' }).add();
    assert.match(rendered(registry), /\{client="b"\} 1\n.*\{client="e"\} 1\n.*\{client="other"\} 3\n$/);
  });

  it('leaves out series read at scrape beyond seriesMax', () => {
    const registry = new MetricsRegistry();
    registry.readAll('gauge', { name: 'cairn_test_lag', help: 'Lag.', labels: ['n'], seriesMax: 3 }, function* () {
      for (let n = 0; ; n++) yield { labels: { n: String(n) }, value: n };
    });
    assert.equal(rendered(registry).match(/^cairn_test_lag\{/gm)?.length, 3);
    // Counted by the scrape before this one: the registry's own metrics come first.
    assert.equal(own(registry, 'cairn_metrics_overflows_total'), 'cairn_metrics_overflows_total 1');
  });

  it('leaves out a metric that fails to be read, and one that has no value, and shows the others', () => {
    const registry = new MetricsRegistry();
    registry.read('gauge', { name: 'cairn_test_broken', help: 'B.' }, () => {
      throw new Error('gone');
    });
    registry.read('gauge', { name: 'cairn_test_absent', help: 'A.' }, () => undefined);
    registry.gauge({ name: 'cairn_test_fine', help: 'F.' }).set(1);
    assert.equal(rendered(registry), '# HELP cairn_test_fine F.\n# TYPE cairn_test_fine gauge\ncairn_test_fine 1\n');
    assert.equal(own(registry, 'cairn_metrics_read_failures_total'), 'cairn_metrics_read_failures_total 1');
  });

  const badNames = [
    { kind: 'counter', name: 'cairn_osd_writes' },
    { kind: 'counter', name: 'osd_writes_total' },
    { kind: 'counter', name: 'cairn_osd_write_ms_total' },
    { kind: 'gauge', name: 'cairn_osd_writes_total' },
    { kind: 'gauge', name: 'cairn_osd_lag_ms' },
    { kind: 'gauge', name: 'cairn_osd_used_percent' },
    { kind: 'gauge', name: 'cairn_osd_used_mib' },
    { kind: 'gauge', name: 'cairn_osd_Used' },
    { kind: 'gauge', name: 'cairn_osd__used' },
    { kind: 'gauge', name: 'cairn_osd_used_' },
    { kind: 'gauge', name: 'cairn_osd_queue_count' },
    { kind: 'gauge', name: 'cairn' },
  ] as const;
  for (const { kind, name } of badNames) {
    it(`refuses ${name} as the name of a ${kind}`, () => {
      assert.throws(() => new MetricsRegistry().read(kind, { name, help: 'H.' }, () => 1), /invariant broken/);
    });
  }

  it('refuses a second metric of a name, and labels that are malformed, double or taken', () => {
    const registry = new MetricsRegistry();
    registry.gauge({ name: 'cairn_test_a', help: 'A.' });
    assert.throws(() => registry.gauge({ name: 'cairn_test_a', help: 'A.' }), /registered once/);
    for (const labels of [['a', 'a'], ['le'], ['A'], ['__a'], ['']]) {
      assert.throws(() => registry.gauges({ name: 'cairn_test_b', help: 'B.', labels }), /label/);
    }
    assert.throws(() => registry.gauges({ name: 'cairn_test_b', help: 'B.', labels: ['a'], seriesMax: 0 }), /room/);
  });

  it('refuses values that would spoil a counter or a histogram', () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter({ name: 'cairn_test_total', help: 'T.' });
    for (const by of [-1, Number.NaN, Infinity]) assert.throws(() => counter.add(by), /never goes back/);
    assert.equal(counter.value, 0);
    const histogram = new Histogram([1]);
    for (const value of [Number.NaN, Infinity, -Infinity]) assert.throws(() => histogram.observe(value), /finite/);
    assert.equal(histogram.count, 0);
    for (const bounds of [[], [1, 1], [2, 1], [Number.NaN], [Infinity], Array.from({ length: 65 }, (_, i) => i)]) {
      assert.throws(() => new Histogram(bounds), /invariant broken/);
    }
  });

  it('puts any value into the first bucket whose bound it does not exceed', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 20, noNaN: true }), { maxLength: 50 }), (values) => {
        const histogram = new Histogram(latencyBuckets);
        for (const value of values) histogram.observe(value);
        const expected = [...latencyBuckets, Infinity].map((bound) => values.filter((v) => v <= bound).length);
        assert.deepEqual(histogram.cumulative(), expected);
        assert.equal(histogram.count, values.length);
      }),
    );
  });

  it('has ready-made buckets that ascend', () => {
    assert.equal(new Histogram(sizeBuckets).bounds.at(-1), 16 * 2 ** 20);
    assert.deepEqual(exponentialBuckets(1, 10, 3), [1, 10, 100]);
    assert.throws(() => exponentialBuckets(0, 2, 3), /grow from above zero/);
  });
});
