import { addBucket } from '../crush/edit/buckets.js';
import { createReplicatedRule } from '../crush/edit/rules.js';
import { tunablesProfiles } from '../crush/tunables.js';
import type { CrushMap } from '../crush/types.js';

/** From the device up, numbered as in Ceph (`osd` is 0), so that maps move between the two as they are. */
const types = ['osd', 'host', 'chassis', 'rack', 'row', 'room', 'datacenter', 'zone', 'region', 'root'];

export const defaultRoot = 'default';
export const defaultRuleName = 'replicated_rule';

/**
 * What a new cluster starts with: no device, one root, and the rule that puts every copy on another host. Devices, hosts
 * and classes are added by `crush/edit`, which keeps the shadow trees of classes in step.
 */
export function defaultCrush(): CrushMap {
  const empty: CrushMap = {
    // As a new cluster of Ceph's: the profile leaves the version of straw lengths alone, whose default there is 1.
    tunables: { ...tunablesProfiles.jewel, strawCalcVersion: 1 },
    devices: new Map(),
    types: new Map(types.entries()),
    classes: new Map(),
    buckets: new Map(),
    rules: new Map(),
    chooseArgs: new Map(),
  };
  const rooted = addBucket(empty, { name: defaultRoot, type: 'root' });
  return createReplicatedRule(rooted, { name: defaultRuleName, root: defaultRoot, failureDomain: 'host' });
}
