/** What an async pool is afraid of: a primary that acknowledges alone, and is lost before anybody has what it acknowledged. */
import type { Fault, FaultTable } from '../faults/fault.js';

/** Cut off from the other OSDs, not from clients; while its leases last it goes on. Then it dies, or lives on without anybody. */
const loseTail: Fault = async ({ cluster, world, random }) => {
  const { record } = random.pick(cluster.pgs());
  const primary = cluster.osds.find(({ id }) => id === record?.acting[0]?.osd);
  if (primary === undefined || !primary.isServing()) return;
  const { machine } = primary;
  const cuts = cluster.hosts.flatMap(({ name }) =>
    name === machine.name
      ? []
      : [
          { from: machine.name, to: name },
          { from: name, to: machine.name },
        ],
  );
  for (const cut of cuts) world.network.cut(cut);
  await world.sleep(random.between(50, 700));
  const dies = random.chance(0.8);
  const isOfPower = random.chance(0.5);
  if (dies && isOfPower && machine.isUp) machine.crash();
  if (dies && !isOfPower) primary.process?.kill();
  // Long enough that others lead, or not.
  await world.sleep(random.between(0, 4_000));
  for (const cut of cuts) world.network.heal(cut);
  if (!machine.isUp) machine.restart();
};

export const loseTailFaults: FaultTable = [['lose-tail', 25, loseTail]];
