import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { CairnError } from '../../../base/errors.js';
import { CommandTable } from '../../../monitor/commands/types.js';
import { defineChange, defineQuery } from '../../../protocol/command.js';
import { LocalCluster } from './local-cluster.js';

const setOption = defineChange<{ before: number | undefined }>()('test.set', {
  access: 'w',
  args: z.strictObject({ value: z.int().check(z.gte(0)) }),
});
const getOption = defineQuery<{ value: string | undefined }>()('test.get', { access: 'r', args: z.strictObject({}) });

const table = new CommandTable()
  .onChange(setOption, async ({ value }, context) => {
    const before = context.state.map.config.get('global/x');
    await context.yieldTurn();
    if (value === 13) throw new CairnError('CONFLICT', '13 is refused');
    return {
      result: { before: before === undefined ? undefined : Number(before) },
      changes: [{ kind: 'config', key: 'global/x', value: String(value) }],
      log: [{ severity: 'info', source: 'mon', message: `x is ${value}` }],
    };
  })
  .onQuery(getOption, (_args, { state }) => ({ value: state.map.config.get('global/x') }));

describe('a local cluster', () => {
  it('applies changes one after the other, each on a state that holds all before it', async () => {
    const cluster = new LocalCluster({ table });
    const client = cluster.as();
    const results = await Promise.all([1, 2, 3].map((value) => client.change(setOption, { value }, {})));
    assert.deepEqual(results, [{ before: undefined }, { before: 1 }, { before: 2 }]);
    assert.deepEqual(await client.query(getOption, {}, {}), { result: { value: '3' }, epoch: 4, isStale: false });
    assert.equal(cluster.yields, 3);
    assert.deepEqual(
      cluster.clusterLog.map(({ number, message }) => [number, message]),
      [
        [1, 'x is 1'],
        [2, 'x is 2'],
        [3, 'x is 3'],
      ],
    );
  });

  it('leaves the state alone when a command throws, and goes on with the next', async () => {
    const cluster = new LocalCluster({ table });
    const client = cluster.as();
    await assert.rejects(client.change(setOption, { value: 13 }, {}), { code: 'CONFLICT' });
    assert.equal(cluster.map.epoch, 1);
    await client.change(setOption, { value: 1 }, {});
    assert.deepEqual(
      cluster.auditTrail.map(({ outcome }) => outcome),
      [
        { kind: 'refused', code: 'CONFLICT' },
        { kind: 'done', epoch: 2 },
      ],
    );
  });

  it('refuses arguments that break the schema, and entities without the capability', async () => {
    const cluster = new LocalCluster({ table });
    const caps = new Map([['mon', 'allow r']]);
    cluster.apply({ kind: 'entity', entity: { name: 'client.reader', caps } });
    await assert.rejects(cluster.as().change(setOption, { value: -1 }, {}), { code: 'INVALID_ARGUMENT' });
    const reader = cluster.as('client.reader');
    await assert.rejects(reader.change(setOption, { value: 1 }, {}), { code: 'PERMISSION_DENIED' });
    assert.equal((await reader.query(getOption, {}, {})).result.value, undefined);
    await assert.rejects(cluster.as('client.nobody').query(getOption, {}, {}), { code: 'AUTHENTICATION_FAILED' });
  });

  it('lets clients follow the map and the log until they stop', async () => {
    const cluster = new LocalCluster({ table });
    const abort = new AbortController();
    const seen: unknown[] = [];
    const followLog = async () => {
      for await (const records of cluster.as().followLog({ signal: abort.signal })) {
        for (const { message } of records) seen.push(message);
      }
    };
    const followMap = async () => {
      for await (const { epoch } of cluster.as().followMap({ signal: abort.signal })) {
        seen.push(epoch);
        if (epoch === 3) abort.abort();
      }
    };
    const followers = [followLog(), followMap()];
    await cluster.as().change(setOption, { value: 1 }, {});
    while (!seen.includes('x is 1') || !seen.includes(2)) await Promise.resolve();
    await cluster.as().change(setOption, { value: 2 }, {});
    await Promise.all(followers);
    assert.ok(seen.includes('x is 1'));
    assert.deepEqual(seen.at(-1), 3);
  });
});
