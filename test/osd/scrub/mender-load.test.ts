/** What the primary of a term finds noted in its own copy before it serves. */
import assert from 'node:assert/strict';
import { encodePartialCopy } from '../../../osd/pg/copy/partial-copy.js';
import { unfinishedVersion } from '../../../osd/pg/copy/read-parts.js';
import { PgCopy } from '../../../osd/pg/pg-copy.js';
import type { Copies } from '../../../osd/scrub/copies.js';
import type { LedPg } from '../../../osd/scrub/led-pg.js';
import { Mender } from '../../../osd/scrub/mender.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { freshStore, inWorld, named, pg, transactionOf } from '../store/one-store.js';

describe('osd/scrub: a copy that leads', () => {
  it('shows nothing of an object that it was joining with, and has in part', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const copy = await PgCopy.open(store, pg);
      copy.notePgNum(1);
      const [part, whole] = [named('part'), named('whole')];
      const data = payloadOf(new Uint8Array(100));
      const version = { term: 1, seq: 1 };
      const rest = [{ kind: 'size', object: part, from: 100 }] as const;
      await store.apply(
        transactionOf([
          { kind: 'write', object: part, offset: 0, data },
          { kind: 'set-version', object: part, version: unfinishedVersion },
          copy.notePartial(part.key, encodePartialCopy({ object: part, version, at: version, rest })),
          { kind: 'write', object: whole, offset: 0, data },
        ]),
      );
      for (const time of ['then', 'after a restart']) {
        const mender = new Mender({ copy } as LedPg, {} as Copies);
        await mender.load();
        assert.ok(mender.isDamaged(part), time);
        assert.ok(!mender.isDamaged(whole), time);
        assert.deepEqual([...(await copy.partials())], []);
        assert.deepEqual(await copy.missing(), [{ kind: 'whole', object: part }]);
      }
      await store.close();
    });
  });
});
