import { World } from '../../runtime/sim/world.js';
import { InThreadHashing } from '../../runtime/in-thread-hashing.js';
import { hashingContract } from './contract/hashing-contract.js';

hashingContract('in this thread', async () => ({
  hashing: new InThreadHashing(),
  run: (body) => body(),
  close: async () => {},
}));

hashingContract('in this thread, simulated', async () => {
  const world = new World({ seed: 1 });
  return {
    hashing: new InThreadHashing(),
    run: (body) => world.main(() => world.machine('m').start('hashing', body).finished),
    close: async () => {},
  };
});
