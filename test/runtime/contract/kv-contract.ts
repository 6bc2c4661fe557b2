import assert from 'node:assert/strict';
import { latin1Text, utf8Bytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { InvariantError } from '../../../base/invariant.js';
import { batchesWaitingBytesMax, batchesWaitingMax } from '../../../runtime/kv.js';
import type { KvEntry, KvIterateOptions } from '../../../runtime/kv.js';
import {
  binaryKeys,
  claimOfStore,
  contentOf,
  drain,
  durably,
  keysOf,
  lazily,
  openStore,
  put,
  textOf,
  walk,
} from './kv-contents.js';
import { claim, patternBytes, withCode, type OpenHarness } from './harness.js';

/** What every `Kv` promises while nothing crashes. */
export function kvContract(name: string, open: OpenHarness): void {
  describe(`key-value contract: ${name}`, () => {
    describe('batches', () => {
      claimOfStore('what is put is got, until it is deleted', open, async (kv) => {
        assert.equal(await kv.get('a'), undefined);
        await kv.batch([put('a', '1'), put('b', '2')], durably);
        assert.equal(await textOf(kv, 'a'), '1');
        await kv.batch([put('a', '3'), { type: 'delete', key: 'b' }, { type: 'delete', key: 'absent' }], lazily);
        assert.equal(await textOf(kv, 'a'), '3');
        assert.equal(await kv.get('b'), undefined);
      });

      claimOfStore('of operations on one key in a batch the last wins', open, async (kv) => {
        await kv.batch([put('a', '1'), put('a', '2'), put('b', '1'), { type: 'delete', key: 'b' }], lazily);
        await kv.batch([{ type: 'delete', key: 'c' }, put('c', '1')], lazily);
        assert.equal(await textOf(kv, 'a'), '2');
        assert.equal(await kv.get('b'), undefined);
        assert.equal(await textOf(kv, 'c'), '1');
      });

      claimOfStore('a batch that is refused changes nothing', open, async (kv) => {
        await assert.rejects(kv.batch([put('a', '1'), put('', '2')], lazily), withCode('INVALID_ARGUMENT'));
        await assert.rejects(
          kv.batch([put('a', '1'), put('\u0100', '2')], lazily),
          withCode('INVALID_ARGUMENT', '\\x100'),
        );
        await assert.rejects(
          kv.batch([put('a', '1'), { type: 'delete', key: '' }], lazily),
          withCode('INVALID_ARGUMENT'),
        );
        assert.equal(await kv.get('a'), undefined);
        await kv.batch([put('a', 'fine')], lazily);
        assert.equal(await textOf(kv, 'a'), 'fine');
      });

      claimOfStore('readers see a batch whole or not at all', open, async (kv) => {
        const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
        const write = async (): Promise<void> => {
          for (let round = 0; round < 20; round += 1) {
            await kv.batch(
              keys.map((key) => put(key, String(round))),
              lazily,
            );
          }
        };
        const read = async (): Promise<void> => {
          for (let round = 0; round < 40; round += 1) {
            const values = (await kv.getMany(keys)).map((value) => value && latin1Text(value));
            assert.equal(new Set(values).size, 1);
          }
        };
        await Promise.all([write(), read()]);
      });

      claimOfStore('batches apply in the order they were given', open, async (kv) => {
        const batches = Array.from({ length: 100 }, (_, index) => kv.batch([put('a', String(index))], lazily));
        await Promise.all(batches);
        assert.equal(await textOf(kv, 'a'), '99');
      });

      claimOfStore(
        'of more batches than may wait some are refused, and the others apply in order',
        open,
        async (kv) => {
          const outcomes = await Promise.allSettled(
            Array.from({ length: batchesWaitingMax + 10 }, (_, index) => kv.batch([put('a', String(index))], lazily)),
          );
          const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
          assert.ok(refused.length >= 1 && refused.length <= 10, `${refused.length} were refused`);
          for (const { reason } of refused) assert.ok(isCairnError(reason, 'OVERLOADED'));
          const last = outcomes.findLastIndex((outcome) => outcome.status === 'fulfilled');
          assert.equal(await textOf(kv, 'a'), String(last));
        },
      );

      claimOfStore('batches that wait are bounded in bytes too', open, async (kv) => {
        const operation = { type: 'put', key: 'a', value: new Uint8Array(batchesWaitingBytesMax / 4) } as const;
        const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => kv.batch([operation], lazily)));
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        assert.ok(refused.length >= 1 && refused.length <= 5, `${refused.length} were refused`);
      });

      claimOfStore('an empty batch is fine', open, async (kv) => {
        await kv.batch([], lazily);
        await kv.batch([], durably);
        assert.deepEqual(await walk(kv, {}), []);
      });

      claimOfStore('a value may change once its batch has settled', open, async (kv) => {
        const value = utf8Bytes('before');
        await kv.batch([{ type: 'put', key: 'a', value }], lazily);
        value.fill(0xee);
        assert.equal(await textOf(kv, 'a'), 'before');
      });
    });

    describe('values and keys', () => {
      claimOfStore('values of any size, the empty one too, come back as they were', open, async (kv) => {
        for (const size of [0, 1, 7, 8, 9, 4096, 70_000, 2_000_000]) {
          await kv.batch([{ type: 'put', key: `size${size}`, value: patternBytes(size, size) }], lazily);
        }
        for (const size of [0, 1, 7, 8, 9, 4096, 70_000, 2_000_000]) {
          const value = await kv.get(`size${size}`);
          assert.ok(value !== undefined && Buffer.from(patternBytes(size, size)).equals(value), String(size));
        }
      });

      claimOfStore('a value got is the caller’s to keep and to change', open, async (kv) => {
        await kv.batch([put('a', 'mine'), put('b', 'other')], lazily);
        const kept = await kv.get('a');
        await kv.batch([put('a', 'new!')], lazily);
        await kv.getMany(['a', 'b', 'a', 'b']);
        assert.equal(kept && latin1Text(kept), 'mine');
        kept?.fill(0);
        assert.equal(await textOf(kv, 'a'), 'new!');
        const [many] = await kv.getMany(['b']);
        many?.fill(0);
        assert.equal(await textOf(kv, 'b'), 'other');
      });

      claimOfStore('getSync finds what get finds, and its value is the caller’s too', open, async (kv) => {
        await kv.batch([put('a', 'mine'), put('b', '')], lazily);
        const kept = kv.getSync('a');
        assert.equal(kept && latin1Text(kept), 'mine');
        kept?.fill(0);
        assert.equal(await textOf(kv, 'a'), 'mine');
        assert.equal(kv.getSync('b')?.byteLength, 0);
        assert.equal(kv.getSync('absent'), undefined);
        assert.equal(kv.getSync(''), undefined);
        await kv.batch([{ type: 'delete', key: 'b' }, ...binaryKeys.map((key) => put(key, `of ${key}`))], durably);
        for (const key of binaryKeys) assert.deepEqual(kv.getSync(key), await kv.get(key));
      });

      claimOfStore('keys may hold any bytes, and come in byte order', open, async (kv) => {
        await kv.batch(
          binaryKeys.map((key) => put(key, `value of ${key}`)),
          lazily,
        );
        const sorted = [...binaryKeys].sort((a, b) => (a < b ? -1 : 1));
        const entries = await walk(kv, {});
        assert.deepEqual(
          entries.map((entry) => entry.key),
          sorted,
        );
        for (const entry of entries)
          assert.equal(latin1Text(entry.value), latin1Text(utf8Bytes(`value of ${entry.key}`)));
        for (const key of binaryKeys) assert.ok((await kv.get(key)) !== undefined);
      });

      claimOfStore('getMany answers in the order of the keys, twice for a key named twice', open, async (kv) => {
        await kv.batch([put('a', '1'), put('b', '2')], lazily);
        const values = await kv.getMany(['b', 'absent', 'a', 'b']);
        assert.deepEqual(
          values.map((value) => value && latin1Text(value)),
          ['2', undefined, '1', '2'],
        );
        assert.deepEqual(await kv.getMany([]), []);
      });

      claimOfStore('a key that is not latin1 is INVALID_ARGUMENT wherever it is given', open, async (kv) => {
        const key = 'snow\u2603man';
        await assert.rejects(kv.get(key), withCode('INVALID_ARGUMENT', '\\x2603'));
        assert.throws(() => kv.getSync(key), withCode('INVALID_ARGUMENT', '\\x2603'));
        await assert.rejects(kv.getMany(['a', key]), withCode('INVALID_ARGUMENT'));
        assert.throws(() => kv.iterate({ gte: key }), withCode('INVALID_ARGUMENT'));
        const iterator = kv.iterate({});
        assert.throws(() => {
          iterator.seek(key);
        }, withCode('INVALID_ARGUMENT'));
        await iterator.close();
      });

      claimOfStore('no value is stored under the empty key', open, async (kv) => {
        await kv.batch([put('a', '1')], lazily);
        assert.equal(await kv.get(''), undefined);
        const [none, one] = await kv.getMany(['', 'a']);
        assert.deepEqual([none, one && latin1Text(one)], [undefined, '1']);
      });
    });

    describe('walks', () => {
      const all = ['a', 'b', 'c', 'd', 'e'];
      const ranges: readonly { readonly options: KvIterateOptions; readonly keys: string }[] = [
        { options: {}, keys: 'abcde' },
        { options: { reverse: true }, keys: 'edcba' },
        { options: { gte: 'b' }, keys: 'bcde' },
        { options: { gt: 'b' }, keys: 'cde' },
        { options: { lte: 'd' }, keys: 'abcd' },
        { options: { lt: 'd' }, keys: 'abc' },
        { options: { gte: 'b', lt: 'd' }, keys: 'bc' },
        { options: { gt: 'b', lte: 'd' }, keys: 'cd' },
        { options: { gte: 'b', lt: 'd', reverse: true }, keys: 'cb' },
        { options: { gt: 'b', lte: 'd', reverse: true }, keys: 'dc' },
        { options: { gte: 'aa', lt: 'cc' }, keys: 'bc' },
        { options: { gt: 'aa', lte: 'cc', reverse: true }, keys: 'cb' },
        { options: { gte: 'x' }, keys: '' },
        { options: { lt: 'a' }, keys: '' },
        { options: { lt: 'a', reverse: true }, keys: '' },
        { options: { gte: 'x', reverse: true }, keys: '' },
        { options: { gt: 'c', lt: 'b' }, keys: '' },
        { options: { gt: 'c', lt: 'b', reverse: true }, keys: '' },
        { options: { gte: '', lt: 'c' }, keys: 'ab' },
        { options: { gt: '', lt: 'c' }, keys: 'ab' },
        { options: { lt: '' }, keys: '' },
        { options: { lte: '', reverse: true }, keys: '' },
        { options: { gte: 'b', gt: 'b', lte: 'd', lt: 'd' }, keys: 'c' },
        { options: { gte: 'c', gt: 'a', lte: 'c', lt: 'e' }, keys: 'c' },
        { options: { gte: 'a', gt: 'c', lte: 'e', lt: 'e', reverse: true }, keys: 'd' },
      ];
      for (const { options, keys } of ranges) {
        claimOfStore(`over ${JSON.stringify(options)} meets ${keys === '' ? 'nothing' : keys}`, open, async (kv) => {
          await kv.batch(
            all.map((key) => put(key, key)),
            lazily,
          );
          const entries = await walk(kv, options);
          assert.equal(entries.map((entry) => entry.key).join(''), keys);
          assert.equal(entries.map((entry) => latin1Text(entry.value)).join(''), keys);
        });
      }

      claimOfStore('takes pages of any size, and ends with an empty one for ever', open, async (kv) => {
        await kv.batch(
          Array.from({ length: 2500 }, (_, index) =>
            put(`k${String(index).padStart(5, '0')}`, 'x'.repeat(index % 300)),
          ),
          lazily,
        );
        for (const pageMax of [1, 7, 1000, 10_000]) {
          const iterator = kv.iterate({});
          let count = 0;
          for (let page = await iterator.next(pageMax); page.length > 0; page = await iterator.next(pageMax)) {
            assert.ok(page.length <= pageMax);
            count += page.length;
          }
          assert.equal(count, 2500);
          assert.deepEqual(await iterator.next(pageMax), []);
          await iterator.close();
        }
      });

      claimOfStore('refuses pages of fewer than 1 or more than 10,000 entries', open, async (kv) => {
        const iterator = kv.iterate({});
        for (const count of [0, -1, 1.5, 10_001]) await assert.rejects(iterator.next(count), InvariantError);
        await iterator.close();
      });

      claimOfStore('sees the state at which it was made, whatever is written meanwhile', open, async (kv) => {
        const keys = Array.from({ length: 500 }, (_, index) => `k${String(index).padStart(4, '0')}`);
        await kv.batch(
          keys.map((key) => put(key, 'old')),
          lazily,
        );
        const iterator = kv.iterate({ gte: 'k' });
        const seen: KvEntry[] = [];
        for (let round = 0; ; round += 1) {
          await kv.batch(
            [
              ...keys.map((key) => put(key, `new ${round}`)),
              put(`k${round}`, 'added'),
              { type: 'delete', key: 'k0400' },
            ],
            lazily,
          );
          const page = await iterator.next(100);
          if (page.length === 0) break;
          seen.push(...page);
        }
        await iterator.close();
        assert.deepEqual(
          seen.map((entry) => entry.key),
          keys,
        );
        assert.ok(seen.every((entry) => latin1Text(entry.value) === 'old'));
      });

      claimOfStore('seek moves forwards and back, to the next key at or after it', open, async (kv) => {
        await kv.batch(
          ['b', 'd', 'f', 'h'].map((key) => put(key, key)),
          lazily,
        );
        const iterator = kv.iterate({ gte: 'b', lt: 'h' });
        const targets = { d: 'd', c: 'd', f: 'f', e: 'f', b: 'b', g: '', h: '', z: '', a: '' };
        for (const [target, found] of Object.entries(targets)) {
          iterator.seek(target);
          assert.equal(await keysOf(iterator), found, `seek ${target}`);
        }
        iterator.seek('d');
        assert.equal((await drain(iterator)).map((entry) => entry.key).join(''), 'df');
        iterator.seek('b');
        assert.equal((await drain(iterator)).map((entry) => entry.key).join(''), 'bdf');
        await iterator.close();
      });

      claimOfStore('seek in a reversed walk moves to the next key at or before it', open, async (kv) => {
        await kv.batch(
          ['b', 'd', 'f', 'h'].map((key) => put(key, key)),
          lazily,
        );
        const iterator = kv.iterate({ gt: 'b', lte: 'h', reverse: true });
        const targets = { f: 'f', g: 'f', h: 'h', e: 'd', d: 'd', c: '', b: '', a: '', z: '' };
        for (const [target, found] of Object.entries(targets)) {
          iterator.seek(target);
          assert.equal(await keysOf(iterator), found, `seek ${target}`);
        }
        iterator.seek('g');
        assert.equal((await drain(iterator)).map((entry) => entry.key).join(''), 'fd');
        await iterator.close();
      });

      claimOfStore('a closed walk is CLOSED; closing again is fine', open, async (kv) => {
        const iterator = kv.iterate({});
        await Promise.all([iterator.close(), iterator.close()]);
        await iterator.close();
        await assert.rejects(iterator.next(1), withCode('CLOSED'));
        assert.throws(() => {
          iterator.seek('a');
        }, withCode('CLOSED'));
      });
    });

    describe('snapshots', () => {
      claimOfStore('read one unchanging state, by get, getMany and walks', open, async (kv) => {
        await kv.batch([put('a', '1'), put('b', '2'), put('c', '3')], lazily);
        const before = kv.snapshot();
        await kv.batch([put('a', 'changed'), { type: 'delete', key: 'b' }, put('d', 'added')], lazily);
        const after = kv.snapshot();
        assert.equal(await textOf(before, 'a'), '1');
        assert.equal(await textOf(before, 'b'), '2');
        assert.equal(await before.get('d'), undefined);
        const many = await before.getMany(['d', 'b', 'a']);
        assert.deepEqual(
          many.map((value) => value && latin1Text(value)),
          [undefined, '2', '1'],
        );
        assert.equal(await contentOf(before, {}), 'a=1 b=2 c=3');
        assert.equal(await contentOf(before, { gt: 'a', reverse: true }), 'c=3 b=2');
        assert.equal(await contentOf(after, {}), 'a=changed c=3 d=added');
        await Promise.all([before.close(), after.close()]);
      });

      claimOfStore('keep their state through compaction', open, async (kv) => {
        await kv.batch([put('a', 'old')], durably);
        const snapshot = kv.snapshot();
        await kv.batch([{ type: 'delete', key: 'a' }], durably);
        await kv.compact({ gte: '\0', lt: '\xff' });
        assert.equal(await textOf(snapshot, 'a'), 'old');
        assert.equal(await kv.get('a'), undefined);
        await snapshot.close();
      });

      claimOfStore('a closed snapshot is CLOSED, with its walks; closing again is fine', open, async (kv) => {
        const snapshot = kv.snapshot();
        const iterator = snapshot.iterate({});
        await snapshot.close();
        await snapshot.close();
        await assert.rejects(snapshot.get('a'), withCode('CLOSED'));
        await assert.rejects(snapshot.getMany(['a']), withCode('CLOSED'));
        assert.throws(() => snapshot.iterate({}), withCode('CLOSED'));
        await assert.rejects(iterator.next(1), withCode('CLOSED'));
        await iterator.close();
      });
    });

    describe('the store', () => {
      claim('reopened, it holds what was written', open, async (harness) => {
        const first = await openStore(harness);
        await first.batch(
          binaryKeys.map((key) => put(key, `value of ${key}`)),
          lazily,
        );
        await first.batch([{ type: 'delete', key: 'a' }], durably);
        await first.close();
        const second = await openStore(harness, { createIfMissing: false });
        assert.equal((await walk(second, {})).length, binaryKeys.length - 1);
        assert.equal(await second.get('a'), undefined);
        await second.close();
      });

      claim('opened twice it is LOCKED, after closing no more', open, async (harness) => {
        const first = await openStore(harness);
        await assert.rejects(openStore(harness), withCode('LOCKED', harness.directory));
        await first.batch([put('a', '1')], lazily);
        await first.close();
        const second = await openStore(harness);
        assert.equal(await textOf(second, 'a'), '1');
        await second.close();
      });

      claim('is NOT_FOUND when it is missing and may not be made', open, async (harness) => {
        const { disk, kv } = harness.runtime;
        const absent = `${harness.directory}/absent/store`;
        await assert.rejects(kv.open(absent, { createIfMissing: false }), withCode('NOT_FOUND', absent));
        await assert.rejects(disk.stat(absent), withCode('NOT_FOUND'));
        await (await kv.open(absent)).close();
        await (await kv.open(absent, { createIfMissing: false })).close();
      });

      claim('closed, everything of it is CLOSED; closing again is fine', open, async (harness) => {
        const kv = await openStore(harness);
        await kv.batch([put('a', '1')], lazily);
        const iterator = kv.iterate({});
        const snapshot = kv.snapshot();
        const closing = Promise.all([kv.close(), kv.close()]);
        assert.throws(() => kv.getSync('a'), withCode('CLOSED'));
        await closing;
        await kv.close();
        assert.throws(() => kv.getSync('a'), withCode('CLOSED'));
        await assert.rejects(kv.get('a'), withCode('CLOSED'));
        await assert.rejects(kv.getMany(['a']), withCode('CLOSED'));
        await assert.rejects(kv.batch([put('a', '2')], lazily), withCode('CLOSED'));
        await assert.rejects(kv.compact({ gte: 'a', lt: 'b' }), withCode('CLOSED'));
        await assert.rejects(kv.approximateBytes({ gte: 'a', lt: 'b' }), withCode('CLOSED'));
        assert.throws(() => kv.iterate({}), withCode('CLOSED'));
        assert.throws(() => kv.snapshot(), withCode('CLOSED'));
        await assert.rejects(iterator.next(1), withCode('CLOSED'));
        await assert.rejects(snapshot.get('a'), withCode('CLOSED'));
        await iterator.close();
        await snapshot.close();
      });

      claim('closing waits for the calls in progress', open, async (harness) => {
        const kv = await openStore(harness);
        const writing = kv.batch([{ type: 'put', key: 'a', value: patternBytes(500_000) }], durably);
        const closing = kv.close();
        await writing;
        await closing;
        const again = await openStore(harness);
        assert.equal((await again.get('a'))?.byteLength, 500_000);
        await again.close();
      });

      claimOfStore('compacting keeps what is there, and approximateBytes tells large from small', open, async (kv) => {
        for (let index = 0; index < 40; index += 1) {
          await kv.batch([{ type: 'put', key: `large${index}`, value: patternBytes(50_000, index) }], lazily);
        }
        await kv.batch([put('small', 'x')], durably);
        await kv.compact({ gte: '\0', lt: '\xff' });
        const large = await kv.approximateBytes({ gte: 'large', lt: 'larger' });
        const small = await kv.approximateBytes({ gte: 'small', lt: 'smaller' });
        assert.ok(large > 500_000, `${large}`);
        assert.ok(small < large / 4, `${small}`);
        assert.equal((await walk(kv, {})).length, 41);
      });
    });
  });
}
