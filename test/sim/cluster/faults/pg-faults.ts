/**
 * Faults that are aimed at one PG that clients are busy with: at its primary, which does not hear that it is one no more, and at
 * the members that have to agree on who follows. What kills machines at random hits these moments once in a hundred worlds.
 */
import { osdIn, osdOut } from '../../../../protocol/commands/osd.js';
import { tried } from '../tried.js';
import { aimed, bothWays, markDown, patienceMs, pickBusyPg, turnOff, turnOn } from './busy-pg.js';
import type { Fault, FaultTable } from './fault.js';
import { goodLink } from './network-faults.js';

/**
 * The primary is cut from monitors and OSDs, but not from clients, of which half do not hear from the monitors either; and it is
 * marked down. It may answer reads while its leases last, of what is committed; the others wait for their end, even those
 * that are killed and started at once.
 */
const hermit: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined) return;
  const { machine } = pg.primary;
  const monitors = cluster.monitors.sites.map((site) => site.machine);
  const hosts = cluster.hosts.filter((host) => host !== machine);
  const deaf = scene.clientMachines().filter(() => random.chance(0.5));
  const cuts = [...bothWays([machine], [...monitors, ...hosts]), ...bothWays(monitors, deaf)];
  for (const cut of cuts) world.network.cut(cut);
  cluster.rush(1_000);
  if (random.chance(0.3)) await scene.pass(random.between(0, 300));
  const marked = markDown(scene, [pg.primary]);
  if (random.chance(0.5)) {
    for (const osd of pg.others) {
      osd.process?.kill();
      osd.boot();
    }
  }
  await marked;
  await scene.pass(random.between(500, 3_000));
  for (const cut of cuts) world.network.heal(cut);
};

/** What the primary sends arrives late, and it is marked down: entries of its term reach members that are in the next. */
const late: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined) return;
  const links = pg.others.map((osd) => ({ from: pg.primary.machine.name, to: osd.machine.name }));
  const bad = { latencyMs: random.between(50, 600), jitterMs: 10 };
  for (const link of links) world.network.setLink(link, bad);
  cluster.rush(1_000);
  await scene.pass(random.between(50, 500));
  await markDown(scene, [pg.primary]);
  await scene.pass(random.between(200, 1_500));
  for (const link of links) world.network.setLink(link, goodLink);
};

/**
 * Some members are away while the primary cannot tell the monitors that it goes on without them; then it is away, and they are
 * back.
 */
const seeSaw: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined || pg.others.length === 0) return;
  const away = pg.others.filter((_, i) => i === 0 || random.chance(0.5));
  const staying = [pg.primary, ...pg.others.filter((osd) => !away.includes(osd))];
  const cuts = cluster.monitors.sites.map((site) => ({ from: pg.primary.machine.name, to: site.machine.name }));
  for (const cut of random.chance(0.7) ? cuts : []) world.network.cut(cut);
  turnOff(away);
  cluster.rush(2_000);
  await markDown(scene, away);
  await scene.pass(random.between(200, 2_000));
  turnOff(staying);
  turnOn(away);
  for (const cut of cuts) world.network.heal(cut);
  await markDown(scene, staying);
  await scene.pass(random.between(1_000, 6_000));
  cluster.rush(500);
  turnOn(staying);
};

/** One member hears nothing of the others any more; then they lose their power, and it is all there is, or all that is in. */
const leaveBehind: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const { admin } = cluster;
  const pg = pickBusyPg(scene);
  if (pg === undefined || pg.others.length === 0) return;
  const members = [pg.primary, ...pg.others];
  const left = random.chance(0.8) ? random.pick(pg.others) : pg.primary;
  const gone = members.filter((osd) => osd !== left && osd.machine !== left.machine);
  const machines = gone.map(({ machine }) => machine);
  const cuts = bothWays([left.machine], machines);
  for (const cut of cuts) world.network.cut(cut);
  cluster.rush(1_000);
  await scene.pass(random.between(50, 800));
  for (const machine of machines) machine.crash();
  for (const cut of cuts) world.network.heal(cut);
  await markDown(scene, gone);
  const osds = gone.map(({ id }) => id);
  const areOut = random.chance(0.5);
  if (areOut) await tried(admin.session.change(osdOut, { osds }, admin.within(patienceMs)));
  await scene.pass(random.between(1_000, 8_000));
  cluster.rush(500);
  for (const machine of machines) if (!machine.isUp) machine.restart();
  if (areOut) await tried(admin.session.change(osdIn, { osds }, admin.within(patienceMs)));
};

/** Disks that are behind with all that they were given, when the power of all fails. */
const powerUnderLoad: Fault = async (scene) => {
  const { cluster, random } = scene;
  const slowdown = random.pick([30, 100, 1_000]);
  for (const osd of cluster.osds) osd.machine.disk(osd.mount).faults.slowdown = slowdown;
  cluster.rush(1_000);
  await scene.pass(random.between(50, 1_000));
  const share = random.pick([0.7, 1, 1]);
  const machines = cluster.hosts.filter(() => random.chance(share));
  for (const machine of machines) machine.crash();
  for (const osd of cluster.osds) osd.machine.disk(osd.mount).faults.slowdown = 1;
  await scene.pass(random.between(100, 2_000));
  for (const machine of machines) if (!machine.isUp) machine.restart();
};

export const pgFaults: FaultTable = [
  ['hermit', 2, aimed(hermit)],
  ['late', 2, aimed(late)],
  ['see-saw', 2, aimed(seeSaw)],
  ['leave-behind', 2, aimed(leaveBehind)],
  ['power-under-load', 2, aimed(powerUnderLoad)],
];
