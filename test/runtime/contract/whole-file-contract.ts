import assert from 'node:assert/strict';
import { latin1Text, utf8Bytes } from '../../../base/bytes.js';
import { readWholeFile, writeFileDurably } from '../../../runtime/whole-file.js';
import { claim, patternBytes, withCode, type OpenHarness } from './harness.js';

/** What `readWholeFile` and `writeFileDurably` promise on every `Disk`. */
export function wholeFileContract(name: string, open: OpenHarness): void {
  describe(`whole file contract: ${name}`, () => {
    claim('a file is written whole, replaced whole, and leaves nothing beside it', open, async (harness) => {
      const { disk } = harness.runtime;
      const path = `${harness.directory}/state`;
      await writeFileDurably(disk, harness.directory, 'state', patternBytes(70_000));
      assert.ok(Buffer.from(patternBytes(70_000)).equals(await readWholeFile(disk, path, 70_000)));
      await writeFileDurably(disk, harness.directory, 'state', utf8Bytes('short'));
      assert.equal(latin1Text(await readWholeFile(disk, path, 100)), 'short');
      await writeFileDurably(disk, harness.directory, 'state', new Uint8Array(0));
      assert.equal((await readWholeFile(disk, path, 0)).byteLength, 0);
      assert.deepEqual(await disk.list(harness.directory), ['state']);
    });

    claim('what an interrupted writer left behind does no harm', open, async (harness) => {
      const { disk } = harness.runtime;
      const left = await disk.open(`${harness.directory}/state.new`, { mode: 'create' });
      await left.write(patternBytes(1000), 0);
      await left.close();
      await writeFileDurably(disk, harness.directory, 'state', utf8Bytes('new'));
      assert.equal(latin1Text(await readWholeFile(disk, `${harness.directory}/state`, 100)), 'new');
      assert.deepEqual(await disk.list(harness.directory), ['state']);
    });

    claim('a file larger than expected is INVALID_ARGUMENT, a missing one NOT_FOUND', open, async (harness) => {
      const { disk } = harness.runtime;
      await writeFileDurably(disk, harness.directory, 'state', patternBytes(11));
      const path = `${harness.directory}/state`;
      assert.equal((await readWholeFile(disk, path, 11)).byteLength, 11);
      await assert.rejects(readWholeFile(disk, path, 10), withCode('INVALID_ARGUMENT', path));
      await assert.rejects(readWholeFile(disk, `${path}.absent`, 10), withCode('NOT_FOUND', `${path}.absent`));
    });

    claim('a directory that does not exist is NOT_FOUND', open, async ({ runtime, directory }) => {
      await assert.rejects(
        writeFileDurably(runtime.disk, `${directory}/absent`, 'state', utf8Bytes('x')),
        withCode('NOT_FOUND', 'absent'),
      );
    });
  });
}
