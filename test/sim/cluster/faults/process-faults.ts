/** Processes that are killed and paused, machines that lose power or are suspended, clocks that jump. */
import { pickOsd, pickServer, processesOn, type Fault, type FaultTable } from './fault.js';

/** The init system starts it again. */
const kill: Fault = async (scene) => {
  if (scene.random.chance(0.3)) for (const process of processesOn(scene, pickServer(scene))) process.kill();
  else pickOsd(scene).process?.kill();
  await Promise.resolve();
};

const killSeveral: Fault = async (scene) => {
  const { cluster, random } = scene;
  const share = random.pick([0.4, 0.7, 1]);
  for (const { process } of cluster.osds) if (random.chance(share)) process?.kill();
  await Promise.resolve();
};

const stop: Fault = async (scene) => {
  const osd = pickOsd(scene);
  if (!osd.isServing() || osd.process?.isStopped === true || osd.machine.isSuspended) return;
  osd.isWanted = false;
  // One that hangs meanwhile is not waited for.
  await Promise.race([osd.stop(), scene.pass(10_000)]);
  osd.process?.kill();
  await scene.pass(scene.random.between(0, 15_000));
  osd.isWanted = true;
};

const power: Fault = async (scene) => {
  const { random } = scene;
  const machine = pickServer(scene);
  machine.crash();
  await scene.pass(random.pick([random.between(0, 500), random.between(0, 5_000), random.between(5_000, 20_000)]));
  if (!machine.isUp) machine.restart();
};

/** At the worst moments: between the parts of what a disk does. */
const powerAtIo: Fault = async (scene) => {
  const { random } = scene;
  const { machine } = pickOsd(scene);
  if (!machine.isUp) return;
  const crashed = machine.crashAtIoBoundary(1 + random.below(60));
  await Promise.race([crashed, scene.pass(random.between(500, 3_000))]);
  // Where nothing is written nothing would ever be the worst moment.
  machine.crash();
  await scene.pass(random.between(0, 2_000));
  if (!machine.isUp) machine.restart();
};

const powerOfAll: Fault = async (scene) => {
  const { cluster, random } = scene;
  const machines = cluster.hosts.filter(() => random.chance(0.8));
  for (const machine of machines) machine.crash();
  await scene.pass(random.between(100, 5_000));
  for (const machine of machines) {
    if (!machine.isUp) machine.restart();
    await scene.pass(random.between(0, 500));
  }
};

const pause: Fault = async (scene) => {
  const { random } = scene;
  const processes = processesOn(scene, pickServer(scene));
  for (const process of processes) process.pause();
  await scene.pass(random.pick([random.between(100, 1_500), random.between(1_000, 12_000)]));
  for (const process of processes) process.proceed();
};

const suspend: Fault = async (scene) => {
  const { random, machines } = scene;
  const machine = random.pick(machines());
  if (!machine.isUp || machine.isSuspended) return;
  machine.suspend();
  await scene.pass(random.pick([random.between(100, 1_500), random.between(1_000, 12_000)]));
  if (machine.isSuspended) machine.resume();
};

const jumpWall: Fault = async ({ random, machines }) => {
  random.pick(machines()).jumpWall(random.pick([-86_400_000, -60_000, -1_000, 1_000, 60_000, 3_600_000]));
  await Promise.resolve();
};

const loseClient: Fault = async (scene) => {
  scene.loseClient();
  await Promise.resolve();
};

export const processFaults: FaultTable = [
  ['crash', 5, kill],
  ['crash-several', 1, killSeveral],
  ['stop', 2, stop],
  ['power', 3, power],
  ['power-at-io', 3, powerAtIo],
  ['power-of-all', 0.5, powerOfAll],
  ['pause', 3, pause],
  ['suspend', 2, suspend],
  ['wall', 1, jumpWall],
  ['client', 0.5, loseClient],
];
