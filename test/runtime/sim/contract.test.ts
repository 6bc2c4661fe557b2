/** The simulated runtime keeps the same contracts as the real one, whatever the seed. */
import { World } from '../../../runtime/sim/world.js';
import { clockContract } from '../contract/clock-contract.js';
import { diskContract } from '../contract/disk-contract.js';
import { datagramContract } from '../contract/datagram-contract.js';
import type { Harness, OpenHarness } from '../contract/harness.js';
import { httpContract } from '../contract/http-contract.js';
import { kvBatchBuilderContract } from '../contract/kv-batch-builder-contract.js';
import { kvContract } from '../contract/kv-contract.js';
import { memoryContract } from '../contract/memory-contract.js';
import { networkContract } from '../contract/network-contract.js';
import { randomContract } from '../contract/random-contract.js';
import { wholeFileContract } from '../contract/whole-file-contract.js';

const directory = '/scratch';

function openSimHarness(seed: number): OpenHarness {
  return async (): Promise<Harness> => {
    const world = new World({ seed });
    const machine = world.machine('m');
    const process = machine.start('contract', async ({ disk }) => {
      await disk.makeDirectory(directory);
    });
    await world.main(() => process.finished);
    return {
      runtime: process.runtime,
      directory,
      host: '127.0.0.1',
      askHttp: (port, target, options) => machine.httpGet(port, target, options),
      receiveDatagrams: async (onDatagram) => {
        machine.receiveDatagrams(514, onDatagram);
        return 514;
      },
      run: (body) => world.main(body),
      close: async () => process.kill(),
    };
  };
}

for (const seed of [1, 2, 3]) {
  const name = `simulated, seed ${seed}`;
  const open = openSimHarness(seed);
  clockContract(name, open);
  randomContract(name, open);
  memoryContract(name, open);
  networkContract(name, open);
  datagramContract(name, open);
  httpContract(name, open);
  diskContract(name, open);
  kvContract(name, open);
  kvBatchBuilderContract(name, open);
  wholeFileContract(name, open);
}
