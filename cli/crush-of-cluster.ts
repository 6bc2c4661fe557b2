import type { Command } from 'commander';
import { decodeCrushBinary } from '../crush/binary-codec.js';
import type { CrushMap } from '../crush/types.js';
import { crushGet } from '../protocol/commands/crush.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

/** Runs `show` with the CRUSH map of the cluster, and its bytes in the binary format. */
export async function withClusterCrush(
  command: Command,
  context: CliContext,
  show: (map: CrushMap, bytes: Uint8Array) => Promise<void> | void,
): Promise<void> {
  await withCluster(command, context, async (client, wait) => {
    const answer = await client.query(crushGet, {}, { ...wait, mayBeStale: true });
    noteStale(context, answer);
    await show(decodeCrushBinary(answer.result.map), answer.result.map);
  });
}
