import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { openSync, closeSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes } from '../../../base/bytes.js';
import { DirectWrites, PageMemory } from '../../../runtime/node/direct-writes.js';
import { isAtPage, takePages } from '../../../runtime/node/pages.js';
import { patternBytes } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

const mebibyte = 2 ** 20;

describe('runtime/node: large durable writes', () => {
  const cases = [
    { name: 'memory that begins at a page', chunks: () => [takePages(mebibyte).fill(7)] },
    { name: 'any memory, in one piece', chunks: () => [patternBytes(mebibyte, 1)] },
    {
      name: 'many pieces, more than is gathered at once',
      chunks: () => Array.from({ length: 1_280 }, (_, i) => patternBytes(16_384 + (i % 2 === 0 ? 8 : -8), i)),
    },
    { name: 'what is no whole page, by the page cache', chunks: () => [patternBytes(mebibyte + 1, 2)] },
  ];
  for (const { name, chunks: make } of cases) {
    it(`are read as they were written: ${name}`, async () => {
      const harness = await openNodeHarness();
      try {
        const { disk } = harness.runtime;
        const file = await disk.open(`${harness.directory}/file`, { mode: 'create', durableWrites: true });
        const chunks = make();
        const expected = concatBytes(chunks);
        await file.preallocate(4096 + 3 * mebibyte + 100);
        await file.writev(chunks, 4096);
        const read = new Uint8Array(expected.byteLength);
        assert.equal(await file.read(read, 4096), read.byteLength);
        assert.equal(Buffer.compare(read, expected), 0);
        const end = 4096 + Math.max(expected.byteLength, 3 * mebibyte + 100);
        assert.equal(await file.size(), end);
        const before = new Uint8Array(4096).fill(1);
        await file.read(before, 0);
        assert.ok(before.every((byte) => byte === 0));
        await file.close();
      } finally {
        await harness.close();
      }
    });
  }

  it('say how much they wrote, and nothing where the file cannot be opened so', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cairn-test-'));
    const path = join(directory, 'file');
    writeFileSync(path, '');
    const fd = openSync(path, 'r+');
    const direct = new DirectWrites(fd, new PageMemory());
    const written = await direct.writeZeros(5 * mebibyte, 0);
    // All of it, or a file system without such writes.
    assert.ok(written === 5 * mebibyte || written === 0);
    await direct.close();
    closeSync(fd);
    const closed = new DirectWrites(1_000_000, new PageMemory());
    assert.equal(await closed.write([takePages(mebibyte)], 0), 0);
    await rm(directory, { recursive: true });
  });

  it('go by whole pages, from half a MiB on', () => {
    assert.ok(DirectWrites.suits(mebibyte, 8192));
    assert.ok(!DirectWrites.suits(mebibyte, 100) && !DirectWrites.suits(mebibyte + 512, 0));
    assert.ok(!DirectWrites.suits(4096, 0));
    assert.ok(isAtPage(takePages(8192).subarray(4096)) && !isAtPage(takePages(8192).subarray(512)));
    assert.ok(!isAtPage(new Uint8Array(8192)));
  });
});
