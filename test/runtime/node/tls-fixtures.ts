import { readFileSync } from 'node:fs';
import type { TlsOptions } from '../../../runtime/network.js';
import type { Harness } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

/** From dist/test/runtime/node. */
const folder = new URL('../../../../test/fixtures/tls/', import.meta.url);

function pem(name: string): string {
  return readFileSync(new URL(`${name}.pem`, folder), 'utf8');
}

/** The certificate `name`, trusting the authority `ca` (test/fixtures/tls/README.md). */
export function tlsOptions(name: string, ca: 'ca' | 'other-ca' = 'ca'): TlsOptions {
  return { cert: pem(`${name}-cert`), key: pem(`${name}-key`), ca: pem(`${ca}-cert`) };
}

/** The machine, with every connection encrypted. */
export async function openTlsHarness(): Promise<Harness> {
  const harness = await openNodeHarness();
  const { network } = harness.runtime;
  const client = tlsOptions('client');
  const server = tlsOptions('server');
  return {
    ...harness,
    runtime: {
      ...harness.runtime,
      network: {
        connect: (address, options) => network.connect(address, { ...options, tls: client }),
        listen: (address, options, onConnection) => network.listen(address, { ...options, tls: server }, onConnection),
        openDatagrams: () => network.openDatagrams(),
      },
    },
  };
}
