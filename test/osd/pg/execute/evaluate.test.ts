/** Requests on the state of one object, in a real store on a simulated disk. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../../base/bytes.js';
import { isCairnError } from '../../../../base/errors.js';
import { monotonicMs } from '../../../../base/instants.js';
import type { ClassClock, ClassMethod } from '../../../../osd/classes/object-class.js';
import { evaluate } from '../../../../osd/pg/execute/evaluate.js';
import type { Evaluated } from '../../../../osd/pg/execute/evaluated.js';
import type { Store } from '../../../../osd/store/store.js';
import { payloadOf } from '../../../../osd/store/transaction.js';
import type { OpRequest } from '../../../../protocol/osd-methods.js';
import { entryOf, freshStore, inWorld, named, transactionOf } from '../../store/one-store.js';

const object = named('object');
const classes = new Map<string, ClassMethod>([
  ['test.throw', () => Promise.reject(new TypeError('a bug of the class'))],
  [
    'test.add',
    async (reader, input) => {
      const before = utf8Text(await reader.read(0, 100));
      const data = utf8Bytes(before + utf8Text(input));
      return { changes: [{ kind: 'write', offset: 0, data }], output: utf8Bytes(`${data.byteLength}`) };
    },
  ],
  [
    'test.echo',
    (_reader, _input, { payload, clock }) => {
      const { ms, ageMs } = clock.wall() ?? { ms: 0, ageMs: 0 };
      return { changes: [], output: utf8Bytes(`${ms} ${ageMs}`), data: [payload, utf8Bytes('!')] };
    },
  ],
  [
    'test.move',
    (_reader, input) => ({
      changes: [{ kind: 'omap-move', from: utf8Text(input), to: 'moved' }],
      output: new Uint8Array(0),
    }),
  ],
]);
const clock: ClassClock = { now: () => monotonicMs(0), wall: () => ({ ms: 1_000, ageMs: 5 }) };

function requestOf(parts: Partial<OpRequest>): OpRequest {
  const target = { pool: 1, pg: 0, term: 1, namespace: '', locator: '', name: 'object' };
  const id = { session: new Uint8Array(16), request: 1, floor: 1 };
  return { ...target, ...id, guards: [], reads: [], changes: [], ...parts };
}

async function withObject(
  run: (ask: (parts: Partial<OpRequest>, payload?: string) => Promise<Evaluated>) => Promise<void>,
) {
  await inWorld(async (runtime) => {
    const store: Store = await freshStore(runtime);
    await store.apply(
      transactionOf(
        [
          { kind: 'write', object, offset: 0, data: payloadOf(utf8Bytes('hello')) },
          { kind: 'set-attributes', object, set: new Map([['a', utf8Bytes('1')]]) },
          { kind: 'omap-set', object, key: 'k', head: utf8Bytes('head'), bodies: [] },
        ],
        { entry: entryOf(1, { object }) },
      ),
    );
    await run((parts, payload = '') => {
      const target = parts.name === undefined ? object : named(parts.name);
      const options = { classes, clock, buffers: undefined };
      return evaluate(store.objects, target, requestOf(parts), utf8Bytes(payload), options);
    });
    await store.close();
  });
}

describe('osd/pg: a request before anything is appended', () => {
  it('reads what it asks for', async () => {
    await withObject(async (ask) => {
      const { results, payload } = await ask({
        reads: [
          { kind: 'stat' },
          { kind: 'read', offset: 1, bytes: 3 },
          { kind: 'omap-get', key: 'k' },
          { kind: 'attributes' },
        ],
      });
      assert.deepEqual(results[0], { kind: 'stat', stat: { size: 5, version: { term: 1, seq: 1 } } });
      assert.deepEqual(results[1], { kind: 'read', bytes: 3 });
      assert.equal(utf8Text(Buffer.concat(payload)), 'ell');
      const [, , item, attributes] = results;
      assert.ok(item?.kind === 'omap-get' && attributes?.kind === 'attributes');
      assert.equal(utf8Text(item.head ?? assert.fail()), 'head');
      assert.deepEqual(
        attributes.attributes.map(([name]) => name),
        ['a'],
      );
    });
  });

  it('fails by the first guard that does not hold', async () => {
    await withObject(async (ask) => {
      await ask({
        guards: [
          { kind: 'exists' },
          { kind: 'version', term: 1, seq: 1 },
          { kind: 'size', size: 5 },
          { kind: 'attribute', name: 'a', value: utf8Bytes('1') },
          { kind: 'attribute', name: 'b', value: undefined },
          { kind: 'omap-head', key: 'k', head: utf8Bytes('head') },
        ],
      });
      const failing: OpRequest['guards'] = [
        { kind: 'absent' },
        { kind: 'version', term: 1, seq: 2 },
        { kind: 'size', size: 4 },
        { kind: 'attribute', name: 'a', value: undefined },
        { kind: 'omap-head', key: 'x', head: utf8Bytes('head') },
      ];
      for (const guard of failing) {
        await assert.rejects(
          ask({ guards: [{ kind: 'exists' }, guard] }),
          (error) => isCairnError(error, 'CONFLICT') && error.details['guard'] === 1,
        );
      }
    });
  });

  it('says the same whatever a copy looks like: an append is a write at the end', async () => {
    await withObject(async (ask) => {
      const changes = [{ kind: 'append', bytes: 3 } as const, { kind: 'append', bytes: 2 } as const];
      const { mutations, version } = await ask({ changes }, 'abcde');
      assert.deepEqual(
        mutations.map((one) => one.kind === 'write' && [one.offset, one.data.bytes]),
        [
          [5, 3],
          [8, 2],
        ],
      );
      assert.equal(version, 'new');
    });
  });

  it('leaves out what changes nothing', async () => {
    await withObject(async (ask) => {
      assert.deepEqual((await ask({ changes: [{ kind: 'create' }] })).mutations, []);
      const absent = await ask({
        name: 'absent',
        changes: [{ kind: 'remove' }, { kind: 'remove-attribute', name: 'x' }],
      });
      assert.deepEqual([absent.mutations, absent.version], [[], 'none']);
    });
  });

  it('refuses what the store would refuse', async () => {
    await withObject(async (ask) => {
      const isInvalid = (error: unknown) => isCairnError(error, 'INVALID_ARGUMENT');
      const value = new Uint8Array(40_000);
      const large = [
        { kind: 'set-attribute', name: 'x', value } as const,
        { kind: 'set-attribute', name: 'y', value } as const,
      ];
      await assert.rejects(ask({ changes: large }), isInvalid);
      await assert.rejects(ask({ changes: [{ kind: 'write', offset: 2 ** 30, bytes: 1 }] }, 'x'), isInvalid);
      await assert.rejects(ask({ changes: [{ kind: 'write', offset: 0, bytes: 9 }] }, 'short'), isInvalid);
    });
  });

  it('runs classes, and what one throws is that request alone', async () => {
    await withObject(async (ask) => {
      const added = await ask({ call: { class: 'test', method: 'add', input: utf8Bytes('!') } });
      assert.equal(utf8Text(added.output ?? assert.fail()), '6');
      assert.equal(added.mutations.length, 1);
      await assert.rejects(ask({ call: { class: 'test', method: 'throw', input: new Uint8Array(0) } }), TypeError);
      await assert.rejects(ask({ call: { class: 'test', method: 'none', input: new Uint8Array(0) } }), (error) =>
        isCairnError(error, 'UNSUPPORTED'),
      );
    });
  });

  it('gives classes the bytes behind those of the changes, and returns what they read', async () => {
    await withObject(async (ask) => {
      const call = { class: 'test', method: 'echo', input: new Uint8Array(0), bytes: 3 };
      const changes = [{ kind: 'append', bytes: 2 }] as const;
      const { output, payload, outputBytes } = await ask({ changes, call }, 'ababc');
      assert.equal(utf8Text(output ?? assert.fail()), '1000 5');
      assert.deepEqual([payload.map(utf8Text), outputBytes], [['abc', '!'], 4]);
      await assert.rejects(ask({ changes, call }, 'ab'), (error) => isCairnError(error, 'INVALID_ARGUMENT'));
    });
  });

  it('counts what a moved value has, and all that it may have when the request itself set it', async () => {
    await withObject(async (ask) => {
      const move = (key: string) => ({ class: 'test', method: 'move', input: utf8Bytes(key) });
      assert.equal((await ask({ call: move('k') })).costBytes, 512 + 4);
      assert.equal((await ask({ call: move('none') })).costBytes, 512);
      const set = { kind: 'omap-set', key: 'k', head: undefined, bodies: [{ slot: 0, bytes: 1 }] } as const;
      assert.ok((await ask({ changes: [set], call: move('k') }, 'x')).costBytes > 4 * 1024 * 1024);
    });
  });
});
