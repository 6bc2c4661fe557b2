/** Every command that a monitor knows. */
import { CairnError } from '../../base/errors.js';
import { registerAuthCommands } from './auth.js';
import { registerConfigCommands } from './config.js';
import { registerDfCommand } from './df.js';
import type { HealthInputs } from './health-input.js';
import { registerLogCommands } from './log.js';
import { type MapArchive, registerMapCommands } from './map.js';
import type { MembershipControl } from './membership-control.js';
import { registerMonCommands } from './mon.js';
import { registerCrushCommands } from './crush-commands.js';
import { registerPgCommands } from './pg-commands.js';
import { registerPoolCommands } from './pool-commands.js';
import { registerOsdCommands } from './osd-commands.js';
import { registerStatusCommands } from './status.js';
import type { CommandTable } from './types.js';

export interface CommandParts {
  /** Of this monitor while it leads. */
  readonly membership: () => MembershipControl | undefined;
  readonly archive: MapArchive;
  /** Shared with whoever looks at the same besides: it keeps what it found. */
  readonly health: HealthInputs;
}

export function registerAllCommands(table: CommandTable, { membership, archive, health }: CommandParts): void {
  // Only a leader runs these; it may cease to be one in between.
  const control = (): MembershipControl => {
    const found = membership();
    if (found !== undefined) return found;
    throw new CairnError('CONFLICT', 'this monitor leads no more; ask the next leader', {
      details: { lostLead: true },
    });
  };
  registerAuthCommands(table);
  registerConfigCommands(table);
  registerLogCommands(table);
  registerMonCommands(table, {
    remove: async (name, options) => control().remove(name, options),
    transfer: async (name, options) => control().transfer(name, options),
  });
  registerMapCommands(table, archive);
  registerCrushCommands(table);
  registerOsdCommands(table);
  registerPgCommands(table);
  registerPoolCommands(table);
  registerStatusCommands(table, health);
  registerDfCommand(table);
}
