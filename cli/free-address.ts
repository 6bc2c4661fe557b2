/** An address for a daemon that will listen there again and again, each time it is started. */
import { CairnError, isCairnError } from '../base/errors.js';
import type { NodeAddress } from '../cluster/osd.js';
import type { Runtime } from '../runtime/runtime.js';

/**
 * Below the range from which systems take ports of outgoing connections (Linux from 32,768, others from 49,152): while the
 * daemon is down anybody's connection could get its port there, and it could not start again.
 */
const portMin = 10_000;
const portMax = 32_767;
/** Some are taken; all of so many are not. */
const attemptsMax = 100;

/** Free a moment ago. Errors: `ADDRESS_IN_USE` when none was found, else as `Network.listen`. */
export async function freeAddress({ network, random }: Runtime, host: string): Promise<NodeAddress> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = portMin + random.below(portMax - portMin + 1);
    try {
      const listener = await network.listen({ host, port }, {}, (connection) => connection.destroy());
      await listener.close();
      return { host, port };
    } catch (error) {
      if (!isCairnError(error, 'ADDRESS_IN_USE')) throw error;
    }
  }
  throw new CairnError('ADDRESS_IN_USE', `no port from ${portMin} to ${portMax} of ${host} is free; stop something`);
}
