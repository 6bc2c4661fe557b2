/** `crush set-device-class` and `rm-device-class`. */
import { removeDeviceClass, setDeviceClass } from '../../crush/edit/devices.js';
import type { CrushMap } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { alreadySo, crushEffects } from './crush-effects.js';
import type { CommandContext } from './types.js';

type CrushOutcome = Promise<Effects<ChangeReport>> | Effects<ChangeReport>;

interface SetArgs {
  readonly deviceClass: string;
  readonly devices: readonly string[];
}

export function evaluateCrushSetDeviceClass({ deviceClass, devices }: SetArgs, context: CommandContext): CrushOutcome {
  const edit = (map: CrushMap, device: string): CrushMap => setDeviceClass(map, device, deviceClass);
  return editEach(context, devices, edit, {
    done: `is of class ${deviceClass}`,
    already: `is of class ${deviceClass} already`,
  });
}

export function evaluateCrushRmDeviceClass(
  { devices }: { readonly devices: readonly string[] },
  context: CommandContext,
): CrushOutcome {
  return editEach(context, devices, removeDeviceClass, { done: 'has no class', already: 'has no class already' });
}

/** A message stays a line, in the cluster log too. */
const namedMax = 8;

function editEach(
  context: CommandContext,
  devices: readonly string[],
  edit: (map: CrushMap, device: string) => CrushMap,
  words: { readonly done: string; readonly already: string },
): CrushOutcome {
  const before = context.state.map.crush;
  const changed: string[] = [];
  let crush = before;
  for (const device of new Set(devices)) {
    const next = edit(crush, device);
    if (next !== crush) changed.push(device);
    crush = next;
  }
  if (changed.length === 0) return alreadySo(...devices.map((device) => `${device} ${words.already}`));
  const [first = '', ...others] = changed;
  const named = changed.slice(0, namedMax).join(', ');
  const more = changed.length > namedMax ? ` and ${changed.length - namedMax} more` : '';
  const what = others.length === 0 ? first : `each of ${named}${more}`;
  return crushEffects(context, crush, first, `${what} ${words.done}`, changed);
}
