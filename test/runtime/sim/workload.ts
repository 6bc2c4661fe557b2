/** Some of everything that a world has, for the trace-hash proof: machines, connections, disks, stores, faults, crashes. */
import { isCairnError } from '../../../base/errors.js';
import { copyBytes, utf8Bytes } from '../../../base/bytes.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World, type WorldOptions } from '../../../runtime/sim/world.js';

const port = 7000;

/** Echoes what it receives, after a write to its log and its store. */
async function server(runtime: Runtime): Promise<void> {
  await runtime.disk.makeDirectory('/data');
  await runtime.disk.syncDirectory('/');
  const log = await runtime.disk.open('/data/log', { mode: 'create' });
  const kv = await runtime.kv.open('/data/kv');
  let end = await log.size();
  let count = 0;
  await runtime.network.listen({ host: '0.0.0.0', port }, {}, (connection) => {
    connection.start({
      onData: (viewChunk) => {
        const chunk = copyBytes(viewChunk);
        const position = end;
        end += chunk.byteLength;
        count += 1;
        const key = `k${count % 50}`;
        const done = async (): Promise<void> => {
          await log.write(chunk, position);
          if (count % 3 === 0) await log.datasync();
          await kv.batch([{ type: 'put', key, value: chunk }], { sync: count % 5 === 0 });
          await connection.send([chunk]);
        };
        done().catch((error: unknown) => {
          runtime.log.warn({ err: error }, 'a request failed');
          connection.destroy();
        });
      },
      onEnd: () => connection.end(),
      onClose: () => runtime.log.info({}, 'a connection closed'),
    });
  });
}

async function client(runtime: Runtime, host: string): Promise<void> {
  for (;;) {
    try {
      await exchange(runtime, host);
    } catch (error) {
      if (!isCairnError(error)) throw error;
    }
    await runtime.clock.sleep(1 + runtime.random.below(20));
  }
}

async function exchange(runtime: Runtime, host: string): Promise<void> {
  const deadline = runtime.clock.now() + 500;
  const connection = await runtime.network.connect({ host, port }, { deadline: deadline as never });
  let received = 0;
  const closed = new Promise<void>((resolve) => {
    connection.start({
      onData: (viewChunk) => {
        received += viewChunk.byteLength;
        if (received > 3_000) connection.end();
      },
      onEnd: () => connection.end(),
      onClose: () => resolve(),
    });
  });
  for (let i = 0; i < 5; i++) {
    await connection.send([runtime.random.bytes(1 + runtime.random.below(2_000)), utf8Bytes('.')]);
    if (runtime.rare('client-gives-up')) connection.destroy();
    await runtime.clock.yieldTurn();
  }
  runtime.clock.after(300, () => connection.destroy());
  await closed;
}

/** Runs it for half a minute of virtual time; returns the trace hash. */
export async function runWorkload(seed: number, options: Partial<WorldOptions> = {}): Promise<string> {
  const world = new World({ seed, network: { link: { lossRate: 0.01 } }, ...options });
  const servers = ['a', 'b', 'c'].map((name) => world.machine(name));
  const clients = world.machine('d');
  await world.main(async () => {
    for (const machine of servers) machine.start('server', server, { mayFail: true });
    for (const machine of servers) clients.start(`client-${machine.name}`, (runtime) => client(runtime, machine.host));
    const chance = world.stream('faults');
    for (let round = 0; round < 40; round++) {
      await world.sleep(chance.between(10, 600));
      const machine = chance.pick(servers);
      const disk = machine.disk();
      switch (chance.below(8)) {
        case 0:
          machine.crash();
          await world.sleep(chance.between(0, 200));
          machine.restart();
          machine.start('server', server, { mayFail: true });
          break;
        case 1:
          for (const process of machine.processes) process.kill();
          machine.start('server', server, { mayFail: true });
          break;
        case 2:
          world.network.cut({ from: machine.name, to: 'd' });
          break;
        case 3:
          world.network.heal();
          break;
        case 4:
          disk.faults.failNextSyncs = 1;
          break;
        case 5:
          disk.faults.stall(50);
          break;
        case 6:
          machine.suspend();
          await world.sleep(100);
          machine.resume();
          break;
        default:
          disk.faults.rotRate = 0.1;
          disk.faults.writeErrorRate = 0.001;
      }
    }
  });
  return world.traceHash;
}
