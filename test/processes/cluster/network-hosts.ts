/**
 * Hosts with a network of their own: a namespace each, with a cable to a switch that stands in another one, where no rules of
 * this machine are in the way.
 *
 *     this process ── cable ── [switch] ── cable ── host 0 (10.213.x.1)
 *     (10.213.x.254)              └─────── cable ── host 1 …                  unplug(0): its cable is dead, at the switch
 */
import { spawnSync } from 'node:child_process';

/** By the process, so that two of them do not meet. */
const tag = `cairn${process.pid}`;
const network = `10.213.${process.pid % 250}`;
const switchSpace = `${tag}s`;

/** This end of the cable of this process; names of links have at most 15 characters. */
const ownLink = `cn${process.pid}`;
export const ownAddress = `${network}.254`;

/** Whether this machine has the tool, and this user may. */
export function mayMakeHosts(): boolean {
  const space = `${tag}t`;
  const isMade = ip('netns', 'add', space) && ip('-n', space, 'link', 'add', 'switch', 'type', 'bridge');
  ip('netns', 'delete', space);
  return isMade;
}

export class NetworkHosts {
  readonly #count: number;
  readonly #remove = (): void => {
    for (let host = 0; host < this.#count; host++) ip('netns', 'delete', spaceOf(host));
    ip('netns', 'delete', switchSpace);
  };

  private constructor(count: number) {
    this.#count = count;
    process.on('exit', this.#remove);
  }

  static make(count: number): NetworkHosts {
    const hosts = new NetworkHosts(count);
    try {
      hosts.#build();
      return hosts;
    } catch (error) {
      hosts.end();
      throw error;
    }
  }

  addressOf(host: number): string {
    return `${network}.${host + 1}`;
  }

  /** What stands before a command that is to run there. It becomes that command: the process id is the same. */
  prefixOf(host: number): readonly string[] {
    return ['ip', 'netns', 'exec', spaceOf(host)];
  }

  unplug(host: number): void {
    must('-n', switchSpace, 'link', 'set', `port${host}`, 'down');
  }

  plug(host: number): void {
    must('-n', switchSpace, 'link', 'set', `port${host}`, 'up');
  }

  /** Cables go with their ends. Nothing may run there any more. */
  end(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  #build(): void {
    must('netns', 'add', switchSpace);
    must('-n', switchSpace, 'link', 'add', 'switch', 'type', 'bridge');
    must('-n', switchSpace, 'link', 'set', 'switch', 'up');
    must('link', 'add', ownLink, 'type', 'veth', 'peer', 'name', 'own', 'netns', switchSpace);
    must('-n', switchSpace, 'link', 'set', 'own', 'master', 'switch', 'up');
    must('address', 'add', `${ownAddress}/24`, 'dev', ownLink);
    must('link', 'set', ownLink, 'up');
    for (let host = 0; host < this.#count; host++) {
      const space = spaceOf(host);
      must('netns', 'add', space);
      must('-n', space, 'link', 'set', 'lo', 'up');
      must('-n', space, 'link', 'add', 'net', 'type', 'veth', 'peer', 'name', `port${host}`, 'netns', switchSpace);
      must('-n', switchSpace, 'link', 'set', `port${host}`, 'master', 'switch', 'up');
      must('-n', space, 'address', 'add', `${this.addressOf(host)}/24`, 'dev', 'net');
      must('-n', space, 'link', 'set', 'net', 'up');
    }
  }
}

function spaceOf(host: number): string {
  return `${tag}h${host}`;
}

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}

function must(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
