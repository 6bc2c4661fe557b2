/** Cables that are cut, one way or both, once or again and again; that are slow, or lose packets. */
import type { Direction } from '../../../../runtime/sim/fabric.js';
import type { Fault, FaultTable, Scene } from './fault.js';

export const goodLink = { lossRate: 0, latencyMs: 0.1, jitterMs: 0.1, bytesPerSecond: 1.25e9 };

function lastsMs({ random }: Scene): number {
  return random.pick([random.between(50, 1_000), random.between(500, 6_000), random.between(5_000, 20_000)]);
}

/** From or to everybody, or both. */
const isolate: Fault = async (scene) => {
  const { random, machines } = scene;
  const { name } = random.pick(machines());
  await cutFor(scene, random.pick([[{ from: name }], [{ to: name }], [{ from: name }, { to: name }]]), lastsMs(scene));
};

const cutPair: Fault = async (scene) => {
  const { random, machines } = scene;
  const a = random.pick(machines()).name;
  const b = random.pick(machines()).name;
  const there = { from: a, to: b };
  await cutFor(scene, random.chance(0.5) ? [there] : [there, { from: b, to: a }], lastsMs(scene));
};

/** Two sides that do not see each other; clients and monitors on either. */
const split: Fault = async (scene) => {
  const { random, machines } = scene;
  const names = machines().map(({ name }) => name);
  const left = new Set(names.filter(() => random.chance(0.4)));
  const isOneWay = random.chance(0.3);
  const right = names.filter((name) => !left.has(name));
  const there = [...left].flatMap((from) => right.map((to) => ({ from, to })));
  const back = isOneWay ? [] : there.map(({ from, to }) => ({ from: to, to: from }));
  const cuts = [...there, ...back];
  await cutFor(scene, cuts, lastsMs(scene));
};

const flap: Fault = async (scene) => {
  const { random, machines } = scene;
  const { name } = random.pick(machines());
  const directions = random.pick<Direction[]>([[{ from: name }], [{ from: name }, { to: name }]]);
  for (let left = 2 + random.below(10); left > 0; left--) {
    await cutFor(scene, directions, random.between(20, 2_000));
    await scene.pass(random.between(20, 2_000));
  }
};

const badLinks: Fault = async (scene) => {
  const { world, random, machines } = scene;
  const { name } = random.pick(machines());
  const bad = random.pick([
    { lossRate: 0.05 },
    { lossRate: 0.3, latencyMs: 5, jitterMs: 20 },
    { latencyMs: 150, jitterMs: 50 },
    { bytesPerSecond: 100_000 },
  ]);
  world.network.setLink({ from: name }, bad);
  world.network.setLink({ to: name }, bad);
  await scene.pass(lastsMs(scene));
  world.network.setLink({ from: name }, goodLink);
  world.network.setLink({ to: name }, goodLink);
};

async function cutFor(scene: Scene, directions: readonly Direction[], ms: number): Promise<void> {
  const { network } = scene.world;
  for (const direction of directions) network.cut(direction);
  await scene.pass(ms);
  for (const direction of directions) network.heal(direction);
}

export const networkFaults: FaultTable = [
  ['isolate', 3, isolate],
  ['cut-pair', 3, cutPair],
  ['split', 2, split],
  ['flap', 2, flap],
  ['links', 2, badLinks],
];
