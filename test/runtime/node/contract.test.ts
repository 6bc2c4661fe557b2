import { clockContract } from '../contract/clock-contract.js';
import { diskContract } from '../contract/disk-contract.js';
import { kvContract } from '../contract/kv-contract.js';
import { networkContract } from '../contract/network-contract.js';
import { randomContract } from '../contract/random-contract.js';
import { wholeFileContract } from '../contract/whole-file-contract.js';
import { openNodeHarness } from './harness.js';
import { openTlsHarness } from './tls-fixtures.js';

clockContract('node', openNodeHarness);
randomContract('node', openNodeHarness);
networkContract('node', openNodeHarness);
networkContract('node, TLS', openTlsHarness);
diskContract('node', openNodeHarness);
kvContract('node', openNodeHarness);
wholeFileContract('node', openNodeHarness);
