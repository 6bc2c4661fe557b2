import assert from 'node:assert/strict';
import { parseRadosBench } from '../../../bench/ceph/rados-bench.js';

/** Of Ceph 16.2.15, as printed. */
const write =
  'hints = 1\n' +
  '{"concurrent_ios":"16","object_size":"4096","op_size":"4096","seconds_to_run":"2","max_objects":"4096",' +
  '"object_prefix":"benchmark_data_vm_20275","datas":[{"sec":"0","cur_ops":"0","started":"0","finished":"0",' +
  '"avg_bw":"0.000000","cur_bw":"0.000000","last_lat":"0.000000","avg_lat":"0.000000"},{"sec":"1","cur_ops":"15",' +
  '"started":"1035","finished":"1020","avg_bw":"3.983841","cur_bw":"3.984375","last_lat":"0.012819","avg_lat":"0.015645"}],' +
  '"total_time_run":"2.032063","total_writes_made":"2150","write_size":"4096","object_size":"4096","bandwidth":"4.132962",' +
  '"stddev_bandwidth":"0.259641","max_bandwidth":"4.351562","min_bandwidth":"3.984375","average_iops":"1058",' +
  '"stddev_iops":"1954980784","max_iops":"1114","min_iops":"1020","average_latency":"0.015042",' +
  '"stddev_latency":"0.012501","max_latency":"0.115286","min_latency":"0.004298"}\n\n';
const read =
  'hints = 1\n' +
  '{"datas":[{"sec":"0","cur_ops":"8","started":"8","finished":"0","avg_bw":"0.000000","cur_bw":"0.000000",' +
  '"last_lat":"0.000000","avg_lat":"0.000000"}],"total_time_run":"2.001452","total_reads_made":"25902","read_size":"4096",' +
  '"object_size":"4096","bandwidth":"50.553135","average_iops":"12941","stddev_iops":"2614.880877","max_iops":"14794",' +
  '"min_iops":"11096","average_latency":"0.001227","max_latency":"0.018103","min_latency":"0.000200"}\n\n';

describe('bench: the report of rados bench', () => {
  const cases = [
    { name: 'writes', output: write, count: 2150, iops: 1058, bandwidth: 4.132962, meanMs: 15.042, maxMs: 115.286 },
    { name: 'reads', output: read, count: 25902, iops: 12941, bandwidth: 50.553135, meanMs: 1.227, maxMs: 18.103 },
  ];
  for (const { name, output, count, iops, bandwidth, meanMs, maxMs } of cases) {
    it(`of ${name} has its rates and latencies, as rados sums them up itself`, () => {
      const result = parseRadosBench(output);
      assert.equal(result.count, count);
      assert.equal(Math.floor(result.perSecond), iops);
      assert.ok(Math.abs(result.mebibytesPerSecond - bandwidth) < 1e-4, `${result.mebibytesPerSecond}`);
      assert.ok(Math.abs(result.meanMs - meanMs) < 1e-9 && Math.abs(result.maxMs - maxMs) < 1e-9);
    });
  }

  const refused = [
    { name: 'no report', output: 'hints = 1\n', message: /printed no report/ },
    { name: 'nothing done', output: write.replace('"2150"', '"0"'), message: /total_writes_made 0/ },
    { name: 'no time', output: read.replace('"total_time_run":"2.001452",', ''), message: /total_time_run not at all/ },
    { name: 'no latency', output: read.replace('0.001227","max', 'nan","max'), message: /average_latency nan/ },
    { name: 'a report that is cut off', output: write.slice(0, 500), message: /JSON/ },
  ];
  for (const { name, output, message } of refused) {
    it(`is refused with ${name}`, () => {
      assert.throws(() => parseRadosBench(output), message);
    });
  }
});
