/** The rules of durability: each over many seeds, that every allowed outcome is seen and no forbidden one. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { sectorBytes, type Disk } from '../../../runtime/disk.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../../runtime/whole-file.js';
import { FileContent } from '../../../runtime/sim/file-content.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { World } from '../../../runtime/sim/world.js';

const seeds = Array.from({ length: 150 }, (_, index) => index + 1);

/** Runs `before`, pulls the plug when it is done (or after `crashAfterMs`), and returns what `after` finds. */
async function crashing<T>(
  seed: number,
  before: (runtime: Runtime) => Promise<void>,
  after: (runtime: Runtime) => Promise<T>,
  crashAfterMs?: number,
): Promise<T> {
  const world = new World({ seed });
  const machine = world.machine('m');
  return await world.main(async () => {
    const first = machine.start('before', before);
    await (crashAfterMs === undefined ? first.finished : world.sleep(crashAfterMs));
    machine.crash();
    machine.restart();
    let found: T | undefined;
    await machine.start('after', async (runtime) => {
      found = await after(runtime);
    }).finished;
    return found as T;
  });
}

/** Each distinct outcome, sorted. */
async function outcomes(run: (seed: number) => Promise<string>): Promise<string[]> {
  const seen = new Set<string>();
  for (const seed of seeds) seen.add(await run(seed));
  return [...seen].sort();
}

function filled(sectors: string): Uint8Array {
  return utf8Bytes(sectors.replaceAll(/./g, (letter) => letter.repeat(sectorBytes)));
}

/** The first letter of each sector; the rest must agree: nothing is torn within a sector. */
function lettersOf(bytes: Uint8Array): string {
  const text = utf8Text(bytes).replaceAll('\0', '-');
  let letters = '';
  for (let at = 0; at < text.length; at += sectorBytes) {
    const sector = text.slice(at, at + sectorBytes);
    const letter = sector[0] ?? '';
    assert.equal(sector, letter.repeat(sector.length), 'a sector is never torn');
    letters += letter;
  }
  return letters;
}

async function durableFile(disk: Disk, sectors: string, directory = '/'): Promise<void> {
  const file = await disk.open(`${directory}/f`, { mode: 'create' });
  await file.write(filled(sectors), 0);
  await file.datasync();
  await disk.syncDirectory(directory);
}

async function read({ disk }: Runtime): Promise<string> {
  return lettersOf(await readWholeFile(disk, '/f', 100_000));
}

async function names({ disk }: Runtime): Promise<string> {
  return (await disk.list('/')).join(' ');
}

describe('runtime/sim: what a power loss leaves of files', () => {
  it('keeps every synced write', async () => {
    const seen = await outcomes((seed) => crashing(seed, ({ disk }) => durableFile(disk, 'abcd'), read));
    assert.deepEqual(seen, ['abcd']);
  });

  it('keeps any subset of the sectors of an unsynced overwrite', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'aaa');
      const file = await disk.open('/f', { mode: 'write' });
      await file.write(filled('bbb'), 0);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert.deepEqual(seen, ['aaa', 'aab', 'aba', 'abb', 'baa', 'bab', 'bba', 'bbb']);
  });

  it('keeps unsynced writes in any order, also versions in between', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'aa');
      const file = await disk.open('/f', { mode: 'write' });
      await file.write(filled('b'), 0);
      await file.write(filled('c'), sectorBytes);
      await file.write(filled('d'), 0);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert.deepEqual(seen, ['aa', 'ac', 'ba', 'bc', 'da', 'dc']);
  });

  it('may keep an extension short, full, or with zeros', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      const file = await disk.open('/f', { mode: 'write' });
      await file.write(filled('bc'), sectorBytes);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    for (const wanted of ['a', 'abc', 'a-c', 'ab-', 'a--', 'ab']) assert(seen.includes(wanted), `${wanted} is seen`);
    for (const outcome of seen) assert.match(outcome, /^a[b-]?[c-]?$/);
  });

  it('tears a sync under way, yet never loses what an earlier sync covered', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'aa');
      const file = await disk.open('/f', { mode: 'write' });
      await file.write(filled('bb'), 0);
      void file.datasync();
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert.deepEqual(seen, ['aa', 'ab', 'ba', 'bb']);
  });

  it('leaves a write that was made during a sync undecided', async () => {
    const before = async ({ disk, clock }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      const file = await disk.open('/f', { mode: 'write' });
      await file.write(filled('b'), 0);
      const synced = file.datasync();
      await file.write(filled('c'), 0);
      await synced;
      await clock.sleep(1);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert.deepEqual(seen, ['b', 'c']);
  });

  it('keeps a durable write once it resolved, and any part of it before', async () => {
    const write = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'aa');
      const file = await disk.open('/f', { mode: 'write', durableWrites: true });
      await file.write(filled('bb'), 0);
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, write, read)), ['bb']);
    const begin = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'aa');
      const file = await disk.open('/f', { mode: 'write', durableWrites: true });
      void file.write(filled('bb'), 0);
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, begin, read)), ['aa', 'ab', 'ba', 'bb']);
  });

  it('keeps preallocated space and its zeros', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      const file = await disk.open('/f', { mode: 'write' });
      await file.preallocate(3 * sectorBytes);
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, read)), ['a--']);
  });

  it('keeps durable writes into preallocated space, and its length', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      const file = await disk.open('/f', { mode: 'write', durableWrites: true });
      await file.preallocate(5 * sectorBytes);
      await file.write(filled('bc'), sectorBytes);
      await file.write(filled('d'), 3 * sectorBytes);
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, read)), ['abcd-']);
  });

  it('leaves a file of any length when it comes amid a preallocation, and so does a kill', async () => {
    const lengths = { crash: new Set<number>(), kill: new Set<number>() };
    for (const way of ['crash', 'kill'] as const) {
      for (const seed of seeds) {
        const world = new World({ seed });
        const machine = world.machine('m');
        await world.main(async () => {
          const first = machine.start('before', async ({ disk }) => {
            await durableFile(disk, 'a');
            const file = await disk.open('/f', { mode: 'write' });
            void file.preallocate(1_000_000);
          });
          await first.finished;
          if (way === 'kill') first.kill();
          else machine.crash();
          if (way === 'crash') machine.restart();
          await machine.start('after', async ({ disk }) => void lengths[way].add((await disk.stat('/f')).bytes))
            .finished;
        });
      }
      assert(
        lengths[way].size > 20 && Math.min(...lengths[way]) >= sectorBytes && Math.max(...lengths[way]) <= 1_000_000,
      );
    }
  });

  it('takes no length back that a durable write gave while an older sync was under way', () => {
    for (const seed of seeds) {
      const content = new FileContent(new Prng(String(seed)));
      content.write(filled('a'), 0);
      const sync = content.beginSync();
      content.write(filled('b'), sectorBytes);
      content.persist(sectorBytes, sectorBytes);
      content.completeSync(sync);
      content.crash();
      assert.equal(content.size, 2 * sectorBytes);
    }
  });

  it('may undo a truncation that was not synced', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'ab');
      const file = await disk.open('/f', { mode: 'write' });
      await file.truncate(sectorBytes);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert(seen.includes('a') && seen.includes('ab'));
    for (const outcome of seen) assert.match(outcome, /^a[b-]?$/);
  });

  it('loses nothing of what was written when only the process is killed', async () => {
    for (const seed of seeds.slice(0, 20)) {
      const world = new World({ seed });
      const machine = world.machine('m');
      await world.main(async () => {
        const first = machine.start('before', async ({ disk }) => {
          const file = await disk.open('/f', { mode: 'create' });
          await file.write(filled('ab'), 0);
        });
        await first.finished;
        first.kill();
        await machine.start('after', async (runtime) => assert.equal(await read(runtime), 'ab')).finished;
      });
    }
  });
});

describe('runtime/sim: what a power loss leaves of names', () => {
  it('may lose a file whose directory was not synced, though its bytes were', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      const file = await disk.open('/f', { mode: 'create' });
      await file.write(filled('a'), 0);
      await file.datasync();
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, names)), ['', 'f']);
  });

  it('may keep a name whose bytes were lost', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      const file = await disk.open('/f', { mode: 'create' });
      await disk.syncDirectory('/');
      await file.write(filled('a'), 0);
    };
    const seen = await outcomes((seed) => crashing(seed, before, read));
    assert(seen.includes('') && seen.includes('a') && seen.includes('-'));
  });

  it('makes durable what was there when a directory sync began, not what came while it ran', async () => {
    let cameWhileItRan = false;
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      let isOver = false;
      const sync = disk.syncDirectory('/').then(() => (isOver = true));
      await disk.rename('/f', '/g');
      cameWhileItRan = !isOver;
      await sync;
    };
    const seen = await outcomes(async (seed) => {
      const found = await crashing(seed, before, names);
      return cameWhileItRan ? found : 'too late';
    });
    assert(seen.includes('f') && seen.includes('g'), seen.join());
  });

  it('renames at once or not at all, and never loses both names', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      await disk.rename('/f', '/g');
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, names)), ['f', 'g']);
    const synced = async (runtime: Runtime): Promise<void> => {
      await before(runtime);
      await runtime.disk.syncDirectory('/');
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, synced, names)), ['g']);
  });

  it('may undo a removal, and keeps independent changes in any combination', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      await disk.removeFile('/f');
      await disk.open('/x', { mode: 'create' });
      await disk.makeDirectory('/y');
    };
    const seen = await outcomes((seed) => crashing(seed, before, names));
    assert.deepEqual(seen, ['', 'f', 'f x', 'f x y', 'f y', 'x', 'x y', 'y']);
  });

  it('never shows one file under two names, nor loses it, through a chain of renames', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await durableFile(disk, 'a');
      await disk.rename('/f', '/g');
      await disk.rename('/g', '/h');
      await disk.open('/f', { mode: 'create' });
    };
    const after = async ({ disk }: Runtime): Promise<string> => {
      const found: string[] = [];
      for (const name of await disk.list('/')) {
        if ((await readWholeFile(disk, `/${name}`, 1_000)).byteLength > 0) found.push(name);
      }
      return found.join(' ');
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, after)), ['f', 'g', 'h']);
  });

  it('takes what was in a directory along when the directory itself is lost', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await disk.makeDirectory('/d');
      await durableFile(disk, 'a', '/d');
    };
    const after = async ({ disk }: Runtime): Promise<string> => {
      const found = await disk.list('/');
      return found.length === 0 ? '' : (await disk.list('/d')).join(' ');
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, after)), ['', 'f']);
  });

  it('makes writeFileDurably leave the old content or the new one, whole, whenever the power fails', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await writeFileDurably(disk, '/', 'f', filled('aaa'));
      await writeFileDurably(disk, '/', 'f', filled('bbbbb'));
    };
    const seen = new Set<string>();
    for (const seed of seeds) {
      seen.add(await crashing(seed, before, async (runtime) => read(runtime).catch(() => 'none'), (seed % 40) * 0.05));
    }
    assert.deepEqual([...seen].sort(), ['aaa', 'bbbbb', 'none']);
  });

  it('keeps what writeFileDurably wrote once it has resolved', async () => {
    const before = async ({ disk }: Runtime): Promise<void> => {
      await writeFileDurably(disk, '/', 'f', filled('aaa'));
      await writeFileDurably(disk, '/', 'f', filled('bbbbb'));
    };
    assert.deepEqual(await outcomes((seed) => crashing(seed, before, read)), ['bbbbb']);
  });

  it('leaves the old file, and nothing beside it, when writeFileDurably fails', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    await world.main(
      () =>
        machine.start('p', async (runtime) => {
          const { disk } = runtime;
          await writeFileDurably(disk, '/', 'f', filled('a'));
          machine.disk().faults.failNextSyncs = 1;
          await assert.rejects(writeFileDurably(disk, '/', 'f', filled('b')), { code: 'IO_ERROR' });
          assert.deepEqual(await disk.list('/'), ['f']);
          assert.equal(await read(runtime), 'a');
        }).finished,
    );
  });

  it('finds a tree half removed when the process is killed meanwhile', async () => {
    const world = new World({ seed: 3 });
    const machine = world.machine('m');
    await world.main(async () => {
      const remover = machine.start('p', async ({ disk }) => {
        await disk.makeDirectory('/d/e');
        for (let i = 0; i < 50; i++) await disk.open(`/d/e/${i}`, { mode: 'create' });
      });
      await remover.finished;
      void remover.runtime.disk.removeTree('/d');
      await world.sleep(0.3);
      remover.kill();
      await machine.start('q', async ({ disk }) => {
        const left = (await disk.list('/d/e')).length;
        assert(left > 0 && left < 50, `${left} are left`);
        await disk.removeTree('/d');
        await disk.removeTree('/d');
        assert.deepEqual(await disk.list('/'), []);
      }).finished;
    });
  });
});
