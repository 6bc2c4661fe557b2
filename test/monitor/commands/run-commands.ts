/** The whole command line against a cluster in memory. */
import assert from 'node:assert/strict';
import type { ClusterMap } from '../../../cluster/map.js';
import { registerCrushCommands } from '../../../monitor/commands/crush-commands.js';
import { registerOsdCommands } from '../../../monitor/commands/osd-commands.js';
import { registerPgCommands } from '../../../monitor/commands/pg-commands.js';
import { registerPoolCommands } from '../../../monitor/commands/pool-commands.js';
import { CommandTable } from '../../../monitor/commands/types.js';
import { type CliRun, cli } from '../../cli/fake-context.js';
import { LocalCluster } from './local-cluster.js';

export function commandTable(): CommandTable {
  const table = new CommandTable();
  registerOsdCommands(table);
  registerCrushCommands(table);
  registerPoolCommands(table);
  registerPgCommands(table);
  return table;
}

export function clusterOf(map: ClusterMap): LocalCluster {
  return new LocalCluster({ table: commandTable(), map });
}

/** `words` as one would type them; a word with blanks is not possible. */
export async function run(
  cluster: LocalCluster,
  words: string,
  files: Record<string, string | Uint8Array> = {},
): Promise<CliRun> {
  return cli(words.split(' '), files, { client: cluster.as() });
}

/** What it printed on stdout; it must succeed. */
export async function done(
  cluster: LocalCluster,
  words: string,
  files: Record<string, string | Uint8Array> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(cluster, words, files);
  assert.equal(stderr, '', words);
  assert.equal(code, 0, words);
  return stdout;
}

/** The one line that it failed with; it must have changed nothing. */
export async function refused(
  cluster: LocalCluster,
  words: string,
  files: Record<string, string | Uint8Array> = {},
): Promise<string> {
  const before = cluster.map;
  const { code, stdout, stderr } = await run(cluster, words, files);
  assert.equal(code, 1, `${words}: ${stdout}`);
  assert.equal(stdout, '', words);
  assert.match(stderr, /^cairn: [^\n]+\n$/, words);
  assert.equal(cluster.map, before, words);
  return stderr.slice('cairn: '.length, -1);
}

export async function json(cluster: LocalCluster, words: string): Promise<unknown> {
  return JSON.parse(await done(cluster, `${words} --json`));
}
