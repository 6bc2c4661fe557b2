/** How the cluster is, as the monitor that answers knows it; without a quorum too. */
import { wallMs } from '../../base/instants.js';
import { missingFeatures } from '../../cluster/features.js';
import {
  type ClusterStatus,
  clusterFsid,
  clusterHealth,
  clusterStatus,
  type DaemonVersions,
  daemonVersions,
  type FeatureSets,
  featureSets,
  healthMute,
  healthUnmute,
} from '../../protocol/commands/status.js';
import { checkHealth } from '../health/check-health.js';
import { healthJson } from '../health/health-json.js';
import { healthCodeNamed, muteCheck } from '../health/mutes.js';
import { statusJson } from '../status/status-json.js';
import { HealthInputs } from './health-input.js';
import { recordOf } from './issue-key.js';
import type { CommandContext, CommandTable } from './types.js';

export function registerStatusCommands(table: CommandTable, inputs = new HealthInputs()): void {
  table
    .onQuery(clusterStatus, (_args, context) => status(inputs, context))
    .onQuery(clusterHealth, async ({ detail }, context) =>
      healthJson(checkHealth(await inputs.of(context)), { detail }),
    )
    .onChange(healthMute, async ({ code, ttlMs, isSticky }, context) => {
      const report = checkHealth(await inputs.of(context));
      const mute = muteCheck(report, { code, ttlMs, isSticky, now: context.wall });
      const { until, count } = mute;
      const sticky = isSticky ? ', and when it gets worse' : '';
      return {
        result: { code, until },
        mutes: [{ code, until: until ?? wallMs(0), isSticky, count }],
        log: [
          recordOf(context, `muted ${code} ${ttlMs === undefined ? 'until it clears' : `for ${ttlMs} ms`}${sticky}`),
        ],
      };
    })
    .onChange(healthUnmute, ({ code }, context) => {
      if (!context.state.mutes.has(code)) {
        // Only then: what a later version muted can be unmuted here.
        healthCodeNamed(code);
        return { result: { wasMuted: false } };
      }
      return {
        result: { wasMuted: true },
        mutes: [{ code, unmuted: true }],
        log: [recordOf(context, `unmuted ${code}`)],
      };
    })
    .onQuery(daemonVersions, (_args, context) => ({ versions: versions(context) }))
    .onQuery(featureSets, (_args, context) => features(context))
    .onQuery(clusterFsid, (_args, { state }) => ({ fsid: state.map.fsid }));
}

async function status(inputs: HealthInputs, context: CommandContext): Promise<ClusterStatus> {
  const { state, soft, wall } = context;
  const input = await inputs.of(context);
  const voters = soft.monitors.filter(({ name }) => state.map.monitors.get(name)?.role === 'voter');
  const json = statusJson({
    map: state.map,
    health: checkHealth(input),
    term: soft.raft.term,
    quorum: soft.hasQuorum ? voters.filter(({ isInQuorum }) => isInQuorum).map(({ name }) => name) : [],
    leader: soft.leaderName,
    osds: input.osds,
    pools: input.pools,
  });
  const { quorumSince } = soft;
  if (!soft.hasQuorum || quorumSince === undefined) return json;
  return { ...json, quorum_age: Math.max(0, Math.floor((wall - quorumSince) / 1000)) };
}

/** `unknown` for those that have not said yet. */
function versions({ state, soft }: CommandContext): DaemonVersions[] {
  const monitors = [...state.map.monitors.keys()].map((name) => ({
    type: 'mon',
    version: soft.monitors.find((vitals) => vitals.name === name)?.version ?? 'unknown',
  }));
  const osds = [...state.map.osds.values()].map(({ version }) => ({ type: 'osd', version: version || 'unknown' }));
  return counted([...monitors, ...osds], ({ type, version }) => `${type} ${version}`);
}

function features({ state: { map } }: CommandContext): FeatureSets {
  const required = map.requiredFeatures;
  const osds = [...map.osds.values()].map((osd) => ({
    type: 'osd',
    features: osd.features,
    missing: missingFeatures(osd.features, required),
  }));
  return { required, daemons: counted(osds, (osd) => String(osd.features)) };
}

/** Equal ones once, with their number, by kind. */
function counted<One extends object>(all: readonly One[], keyOf: (one: One) => string): (One & { count: number })[] {
  const byKey = new Map<string, One & { count: number }>();
  for (const one of all) {
    const found = byKey.get(keyOf(one));
    if (found === undefined) byKey.set(keyOf(one), { ...one, count: 1 });
    else found.count += 1;
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
