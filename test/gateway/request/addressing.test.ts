import assert from 'node:assert/strict';
import type { Address } from '../../../gateway/request/addressing.js';
import { addressOf, hostName } from '../../../gateway/request/addressing.js';
import { refused } from '../errors.js';

const domains = ['s3.example.com', 'example.com', 'other.test'];
const at = (path: string, host?: string): Address => addressOf(path, host, domains);

/** `style bucket|key`. */
function shown({ style, resource }: Address): string {
  const bucket = resource.kind === 'service' ? '' : resource.bucket;
  return `${style} ${bucket}|${resource.kind === 'object' ? resource.key : ''}`;
}

describe('gateway/request/addressing', () => {
  const cases = [
    { name: 'the service', path: '/', host: 's3.example.com', shown: 'path |' },
    { name: 'a bucket', path: '/b', host: 's3.example.com', shown: 'path b|' },
    { name: 'a bucket with a slash behind it', path: '/b/', host: 's3.example.com', shown: 'path b|' },
    { name: 'an object', path: '/b/k/l', host: 's3.example.com:9000', shown: 'path b|k/l' },
    { name: 'no host', path: '/b/k', host: undefined, shown: 'path b|k' },
    { name: 'an address', path: '/b/k', host: '10.1.2.3:9000', shown: 'path b|k' },
    { name: 'an address of IPv6', path: '/b/k', host: '[::1]:9000', shown: 'path b|k' },
    { name: 'a name that is not ours', path: '/b/k', host: 'b.elsewhere.com', shown: 'path b|k' },
    { name: 'a name that ends alike', path: '/b/k', host: 'xother.test', shown: 'path b|k' },
    { name: 'a virtual host', path: '/k/l', host: 'b.s3.example.com', shown: 'virtual-host b|k/l' },
    {
      name: 'a virtual host with a port, in capitals',
      path: '/',
      host: 'B.S3.Example.com:80',
      shown: 'virtual-host b|',
    },
    { name: 'a virtual host with a dot at its end', path: '/', host: 'b.s3.example.com.:80', shown: 'virtual-host b|' },
    { name: 'a bucket with dots', path: '/k', host: 'a.b.c.s3.example.com', shown: 'virtual-host a.b.c|k' },
    { name: 'the longest of two domains', path: '/k', host: 'b.s3.example.com', shown: 'virtual-host b|k' },
    { name: 'the shorter of two domains', path: '/k', host: 's4.example.com', shown: 'virtual-host s4|k' },
    { name: 'a domain with nothing before its dot', path: '/b', host: '.other.test', shown: 'path b|' },
    { name: 'slashes, kept', path: '/b//k///l/', host: undefined, shown: 'path b|/k///l/' },
    { name: 'slashes of a virtual host', path: '//k', host: 'b.other.test', shown: 'virtual-host b|/k' },
    { name: 'dots, kept', path: '/b/./../k/..', host: undefined, shown: 'path b|./../k/..' },
    { name: 'an encoded slash in a key', path: '/b/k%2Fl', host: undefined, shown: 'path b|k/l' },
    { name: 'an encoded slash in a bucket', path: '/b%2Fk/l', host: undefined, shown: 'path b/k|l' },
    { name: 'a plus in a key', path: '/b/k+l%2B', host: undefined, shown: 'path b|k+l+' },
    { name: 'NUL in a key', path: '/b/k%00', host: undefined, shown: 'path b|k\u0000' },
    { name: 'UTF-8', path: '/b/%C3%A9', host: undefined, shown: 'path b|é' },
    {
      name: 'a key of 1,024 bytes',
      path: `/b/${'%C3%A9'.repeat(512)}`,
      host: undefined,
      shown: `path b|${'é'.repeat(512)}`,
    },
  ];
  for (const c of cases) it(`finds ${c.name}`, () => assert.equal(shown(at(c.path, c.host)), c.shown));

  it('refuses a key of 1,025 bytes', () => {
    const error = refused(() => at(`/b/${'%C3%A9'.repeat(512)}a`), 'KeyTooLongError');
    assert.deepEqual(error.fields, { Size: '1025', MaxSizeAllowed: '1024' });
  });

  it('refuses a bucket without a name', () => {
    refused(() => at('//k'), 'InvalidBucketName');
    refused(() => at('//'), 'InvalidBucketName');
  });

  it('refuses keys and buckets that are not UTF-8', () => {
    refused(() => at('/b/%FF'), 'InvalidURI');
    refused(() => at('/%FF/k'), 'InvalidURI');
    refused(() => at('/%FF', 'b.other.test'), 'InvalidURI');
  });

  it('reads names of hosts', () => {
    assert.deepEqual(['A.b:1', 'a.b.', '[FE80::1]:80', '[::1]', '', ':80'].map(hostName), [
      'a.b',
      'a.b',
      '[fe80::1]',
      '[::1]',
      '',
      '',
    ]);
  });
});
