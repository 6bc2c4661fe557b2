/** How a cluster of a test comes to be, and how a daemon of it is started again. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Children, until } from '../children.js';

export interface ClusterShape {
  readonly monitors: number;
  /** Each on a host of its own. */
  readonly osds: number;
  /** As `--osd-size` takes it. */
  readonly osdSize: string;
  /** Of OSDs that the test adds. */
  readonly segmentSize: string;
  readonly pgNum: number;
}

export interface Founder {
  /** Ready when it resolves, with process ids by name (`osd.0`); the directory has `cluster.yaml` and `conf/NAME.yaml`. */
  found(children: Children, directory: string, shape: ClusterShape): Promise<ReadonlyMap<string, number>>;
  /** What stands before the command of a daemon, so that it runs where it belongs. */
  prefixOf(name: string): readonly string[];
  /** All that is left of it, when nothing runs any more. */
  end(): void;
}

const readyMs = 90_000;
export const copies = 3;

/** All hosts are virtual: the machine's own loopback is their network. */
export const devFounder: Founder = {
  async found(children, directory, { monitors, osds, osdSize }) {
    const sizes = ['--mons', `${monitors}`, '--osds', `${osds}`, '--hosts', `${osds}`, '--size', `${copies}`];
    const dev = children.cairn(['dev', '--dir', directory, ...sizes, '--osd-size', osdSize]);
    await until(
      'dev is ready',
      () => {
        if (!dev.isRunning) throw new Error(`dev ended: ${dev.stderr}${lastWords(directory, dev.stderr)}`);
        return /^ready /m.test(dev.stdout);
      },
      { withinMs: readyMs, describe: () => dev.stdout + dev.stderr },
    );
    const names = [
      ...Array.from({ length: monitors }, (_, i) => `mon.${'abcdefghi'.charAt(i)}`),
      ...Array.from({ length: osds }, (_, i) => `osd.${i}`),
    ];
    const pids = names.map(async (name) => {
      return [name, Number(await readFile(join(directory, 'run', `${name}.pid`), 'utf8'))] as const;
    });
    return new Map(await Promise.all(pids));
  },
  prefixOf: () => [],
  end: () => undefined,
};

/** Of the daemon that ended, whose log goes with the test's directory. */
function lastWords(directory: string, said: string): string {
  const name = /^cairn: (\S+) ended \(/m.exec(said)?.[1];
  return name === undefined ? '' : readFileSync(join(directory, 'log', `${name}.log`), 'utf8').slice(-2_000);
}
