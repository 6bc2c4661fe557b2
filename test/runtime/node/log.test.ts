import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import { InvariantError } from '../../../base/invariant.js';
import { describeError } from '../../../runtime/node/log.js';
import { createNodeRuntime, type NodeRuntimeOptions } from '../../../runtime/node/runtime.js';

describe('the log', () => {
  it('is lines of JSON: level by name, time, daemon, fields, sentence', () => {
    const { runtime, records } = capture({});
    runtime.log.info({ osd: 3 }, 'started');
    runtime.log.warn({}, 'odd');
    runtime.log.error({}, 'bad');
    const [first] = records();
    assert.deepEqual(
      [first?.['level'], first?.['daemon'], first?.['osd'], first?.['msg']],
      ['info', 'osd.3', 3, 'started'],
    );
    assert.match(String(first?.['time']), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(
      records().map((record) => record['level']),
      ['info', 'warn', 'error'],
    );
  });

  it('leaves out what is below its level', () => {
    const { runtime, records } = capture({ logLevel: 'warn' });
    runtime.log.debug({}, 'per request');
    runtime.log.info({}, 'rare');
    runtime.log.child({ pg: '1.0' }).warn({}, 'odd');
    assert.deepEqual(
      records().map((record) => [record['msg'], record['pg']]),
      [['odd', '1.0']],
    );
    assert.equal(capture({}).runtime.rare('anything'), false);
  });

  it('children add fields to fields', () => {
    const { runtime, records } = capture({});
    runtime.log.child({ pg: '1.0' }).child({ term: 4 }).info({ lagMs: 2 }, 'behind');
    const [record] = records();
    assert.deepEqual([record?.['pg'], record?.['term'], record?.['lagMs']], ['1.0', 4, 2]);
  });

  it('describes errors with code, details and the chain of causes', () => {
    const root = new InvariantError('the log has no gaps', { seq: 4 });
    const error = new CairnError('IO_ERROR', 'cannot go on', { cause: root, applied: 'maybe', details: { pg: '1.0' } });
    const { runtime, records } = capture({});
    runtime.log.error({ err: error }, 'failed');
    const described = records()[0]?.['err'] as Record<string, unknown>;
    assert.deepEqual(
      [described['type'], described['code'], described['message'], described['applied'], described['details']],
      ['CairnError', 'IO_ERROR', 'cannot go on', 'maybe', { pg: '1.0' }],
    );
    assert.match(String(described['stack']), /log\.test/);
    const cause = described['cause'] as Record<string, unknown>;
    assert.deepEqual([cause['type'], cause['details']], ['InvariantError', { seq: 4 }]);
  });

  it('ends a chain of causes that bites its own tail', () => {
    const error = new Error('loop');
    error.cause = error;
    assert.ok(JSON.stringify(describeError(error)).length < 100_000);
    assert.equal(describeError('text'), 'text');
  });

  it('fatal logs, then calls onFatal with the error', () => {
    const seen: unknown[] = [];
    const { runtime, records } = capture({ onFatal: (error) => seen.push(error, records().length) });
    const error = new Error('broken');
    runtime.fatal(error);
    assert.deepEqual(seen, [error, 1]);
    assert.equal(records()[0]?.['level'], 'fatal');
  });
});

function capture(options: Partial<NodeRuntimeOptions>) {
  const lines: string[] = [];
  const logDestination = { write: (line: string): void => void lines.push(line) };
  const runtime = createNodeRuntime({ daemon: 'osd.3', logDestination, ...options });
  return { runtime, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
