/** What operators do meanwhile: OSDs come, go, weigh less, are drained; monitors lose their disks and hand over the lead. */
import { monTransfer } from '../../../../protocol/commands/mon.js';
import { osdDown, osdIn, osdOut, osdPurge, osdReweight } from '../../../../protocol/commands/osd.js';
import { directory as monitorDirectory } from '../../../monitor/sim/monitor-cluster.js';
import { workAt } from '../machine-work.js';
import { pickOsd, type Fault, type FaultTable } from './fault.js';
import { tried } from '../tried.js';

const patienceMs = 5_000;

/** Drained for a while. */
const out: Fault = async (scene) => {
  const { cluster, random } = scene;
  const { admin } = cluster;
  const osds = [pickOsd(scene).id];
  await tried(admin.session.change(osdOut, { osds }, admin.within(patienceMs)));
  await scene.pass(random.between(500, 20_000));
  await tried(admin.session.change(osdIn, { osds }, admin.within(patienceMs)));
};

const reweight: Fault = async (scene) => {
  const { admin } = scene.cluster;
  const weight = Math.round(scene.random.pick([0.1, 0.5, 0.8, 1]) * 0x10000);
  await tried(admin.session.change(osdReweight, { id: pickOsd(scene).id, reweight: weight }, admin.within(patienceMs)));
};

/** By mistake: it comes back by itself. */
const down: Fault = async (scene) => {
  const { admin } = scene.cluster;
  await tried(admin.session.change(osdDown, { osds: [pickOsd(scene).id] }, admin.within(patienceMs)));
};

/**
 * An OSD is marked down, and neither it nor a client hears of it, while all of them reach each other: the old primary has a
 * client, and the new one has the others. Nothing but terms and leases keeps them apart.
 */
const blind: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const { admin } = cluster;
  const osd = pickOsd(scene);
  const blinded = [osd.machine, ...scene.clientMachines().filter(() => random.chance(0.5))];
  const cuts = cluster.monitors.sites.flatMap(({ machine }) => {
    return blinded.map(({ name }) => ({ from: machine.name, to: name }));
  });
  for (const cut of cuts) world.network.cut(cut);
  await tried(admin.session.change(osdDown, { osds: [osd.id] }, admin.within(patienceMs)));
  await scene.pass(random.between(500, 4_000));
  for (const cut of cuts) world.network.heal(cut);
};

const add: Fault = async ({ cluster, random }) => {
  const { name } = random.pick(cluster.hosts);
  if (cluster.osds.length >= osdsMax || !cluster.hasFreeSlot(name)) return;
  await tried(cluster.add(name));
};
const osdsMax = 14;

/**
 * Drained, and removed for good as soon as no PG counts on it: its disk is worth nothing any more, and whatever it still does is
 * nobody's. Only where enough hosts are left.
 */
const retire: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const { admin, monitors } = cluster;
  const osd = pickOsd(scene);
  const left = cluster.osds.filter((one) => one !== osd && !one.isRetired && one.isServing());
  if (new Set(left.map(({ machine }) => machine)).size <= cluster.shape.size || !osd.isWanted) return;
  const osds = [osd.id];
  await tried(admin.session.change(osdOut, { osds }, admin.within(patienceMs)));
  const begun = world.now;
  while (world.now < begun + drainMsMax && cluster.countsOn(osd) && !scene.isOver()) await scene.pass(100);
  if (!osd.isWanted || cluster.countsOn(osd)) {
    await tried(admin.session.change(osdIn, { osds }, admin.within(patienceMs)));
    return;
  }
  osd.isRetired = true;
  // Where it is not killed, it hears that it is no part of the cluster any more.
  osd.hasBadDisk = true;
  if (random.chance(0.7)) osd.process?.kill();
  for (let attempt = 0; attempt < 5 && osd.in(monitors) !== undefined; attempt++) {
    await tried(admin.session.change(osdDown, { osds }, admin.within(patienceMs)));
    await tried(admin.session.change(osdPurge, { osds, confirmed: true }, admin.within(patienceMs)));
  }
};
const drainMsMax = 6_000;

const transfer: Fault = async ({ cluster, random }) => {
  const { admin } = cluster;
  const { name } = random.pick(cluster.monitors.sites);
  await tried(admin.session.control(monTransfer, { name }, admin.within(patienceMs)));
};

/** Its disk is replaced: it joins again by itself. Only while every other one is well, or a majority might be lost. */
const loseMonitor: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const { monitors } = cluster;
  const { leader } = monitors;
  const site = random.pick(monitors.sites);
  const { raft } = leader?.monitor.status ?? {};
  if (raft === undefined || leader === site || cluster.monitorsLost > 0) return;
  if (raft.membership.voters.length < 3 || raft.membership.learners.length > 0) return;
  const own = site.monitor?.status.raft.membership.voters;
  const areWell = raft.progress.every(({ isActive }) => isActive) && own !== undefined;
  if (!areWell || !site.machine.isUp || site.machine.isSuspended) return;
  cluster.monitorsLost += 1;
  cluster.absentMonitors.add(site.name);
  site.process?.kill();
  site.monitor = undefined;
  await workAt(world, site.machine, 'wipe', (runtime) => runtime.disk.removeTree(monitorDirectory));
  await scene.pass(random.between(0, 2_000));
  cluster.absentMonitors.delete(site.name);
};

export const operatorFaults: FaultTable = [
  ['out', 2, out],
  ['reweight', 1, reweight],
  ['down', 1, down],
  ['blind', 2, blind],
  ['add', 1, add],
  ['retire', 1, retire],
  ['mon-transfer', 1, transfer],
  ['mon-lost', 0.5, loseMonitor],
];
