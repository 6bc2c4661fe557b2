/** What somebody does at a machine, by hand: it is begun anew when the power fails meanwhile, or a disk. */
import { kvFileName } from '../../../runtime/sim/sim-kv.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { World } from '../../../runtime/sim/world.js';
import type { Runtime } from '../../../runtime/runtime.js';

const attemptsMax = 1_000;

export async function workAt(
  world: World,
  machine: Machine,
  name: string,
  deed: (runtime: Runtime) => Promise<void>,
): Promise<void> {
  let failure: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (machine.isUp && !machine.isSuspended) {
      const outcome = { isDone: false };
      const process = machine.start(
        name,
        async (runtime) => {
          await deed(runtime);
          outcome.isDone = true;
        },
        { mayFail: true },
      );
      while (!outcome.isDone && process.isAlive) await world.sleep(5);
      failure = process.failure ?? failure;
      process.kill();
      if (outcome.isDone) return;
    }
    await world.sleep(100);
  }
  throw new Error(`${name} at ${machine.name} did not succeed: ${String(failure)}`, { cause: failure });
}

/** A directory with all below it, databases too, as `cp -a` of one that nobody has open. What was at `to` is gone. */
export async function copyTree(runtime: Runtime, from: string, to: string): Promise<void> {
  await runtime.disk.removeTree(to);
  await copyDirectory(runtime, from, to);
}

async function copyDirectory(runtime: Runtime, from: string, to: string): Promise<void> {
  const { disk } = runtime;
  await disk.makeDirectory(to);
  const names = await disk.list(from);
  if (names.includes(kvFileName)) {
    await copyKv(runtime, from, to);
    return;
  }
  for (const name of names) {
    const { kind } = await disk.stat(`${from}/${name}`);
    if (kind === 'directory') await copyDirectory(runtime, `${from}/${name}`, `${to}/${name}`);
    else await copyFile(runtime, `${from}/${name}`, `${to}/${name}`);
  }
  await disk.syncDirectory(to);
}

async function copyFile({ disk }: Runtime, from: string, to: string): Promise<void> {
  const source = await disk.open(from, { mode: 'read' });
  const target = await disk.open(to, { mode: 'create' });
  try {
    const bytes = new Uint8Array(await source.size());
    await source.read(bytes, 0);
    await target.write(bytes, 0);
    await target.datasync();
  } finally {
    await source.close();
    await target.close();
  }
}

async function copyKv({ kv }: Runtime, from: string, to: string): Promise<void> {
  const source = await kv.open(from);
  const target = await kv.open(to);
  try {
    const iterator = source.iterate({});
    for (let page = await iterator.next(1_000); page.length > 0; page = await iterator.next(1_000)) {
      await target.batch(
        page.map(({ key, value }) => ({ type: 'put', key, value })),
        { sync: true },
      );
    }
    await iterator.close();
  } finally {
    await source.close();
    await target.close();
  }
}
