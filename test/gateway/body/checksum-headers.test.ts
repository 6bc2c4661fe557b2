import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { checksumAlgorithms, parseChecksumType } from '../../../gateway/body/checksum-algorithm.js';
import {
  checkPartAlgorithm,
  checksumInTrailer,
  parseCopyChecksumAlgorithm,
  parseDeclaredChecksum,
  parseUploadChecksum,
} from '../../../gateway/body/checksum-headers.js';
import { parseContentMd5, requireDigest } from '../../../gateway/body/content-md5.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, headersLike } from '../fuzz.js';

const crc32 = 'AQIDBA==';
const headersOf = (headers: Record<string, string>): Map<string, string> => new Map(Object.entries(headers));

describe('the checksum that a request declares', () => {
  const cases: { headers: Record<string, string>; declared: [string, string | undefined] | undefined }[] = [
    { headers: {}, declared: undefined },
    { headers: { 'x-amz-checksum-crc32': crc32 }, declared: ['CRC32', '01020304'] },
    { headers: { 'x-amz-checksum-crc32': ` ${crc32} ` }, declared: ['CRC32', '01020304'] },
    {
      headers: { 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=', 'x-amz-sdk-checksum-algorithm': 'CRC64NVME' },
      declared: ['CRC64NVME', 'ae8b14860a799888'],
    },
    {
      headers: { 'x-amz-checksum-md5': '1B2M2Y8AsgTpgAmY7PhCfg==', 'x-amz-sdk-checksum-algorithm': 'md5' },
      declared: ['MD5', 'd41d8cd98f00b204e9800998ecf8427e'],
    },
    { headers: { 'x-amz-trailer': 'x-amz-checksum-crc32c' }, declared: ['CRC32C', undefined] },
    { headers: { 'x-amz-trailer': ' X-Amz-Checksum-SHA256, ' }, declared: ['SHA256', undefined] },
    {
      headers: { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      declared: ['CRC32', undefined],
    },
    { headers: { 'x-amz-trailer': '' }, declared: undefined },
    { headers: { 'x-amz-checksum-mode': 'ENABLED', 'x-amz-checksum-type': 'FULL_OBJECT' }, declared: undefined },
  ];
  for (const c of cases) {
    it(`is read: ${JSON.stringify(c.headers)}`, () => {
      const found = parseDeclaredChecksum(headersOf(c.headers));
      assert.deepEqual(found && [found.algorithm, found.value && hexText(found.value)], c.declared);
    });
  }

  const refused: { name: string; headers: Record<string, string>; mentions: string }[] = [
    {
      name: 'two values',
      headers: { 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-crc32c': crc32 },
      mentions: 'Expecting a single x-amz-checksum- header',
    },
    {
      name: 'a value and a trailer',
      headers: { 'x-amz-checksum-crc32': crc32, 'x-amz-trailer': 'x-amz-checksum-crc32' },
      mentions: 'Expecting a single x-amz-checksum- header',
    },
    {
      name: 'two in the trailer',
      headers: { 'x-amz-trailer': 'x-amz-checksum-crc32, x-amz-checksum-sha1' },
      mentions: 'Expecting a single x-amz-checksum- header',
    },
    {
      name: 'another trailer',
      headers: { 'x-amz-trailer': 'x-amz-meta-a' },
      mentions: 'x-amz-trailer header is not supported',
    },
    {
      name: 'an unknown one',
      headers: { 'x-amz-checksum-crc16': 'AQI=' },
      mentions: 'x-amz-checksum- header is invalid',
    },
    ...['', 'AQID', 'AQIDBA', 'AQIDBAU=', 'AQIDBA==AQIDBA==', `${crc32}-1`, `${crc32},${crc32}`].map((text) => ({
      name: `a malformed one, ${text || 'empty'}`,
      headers: { 'x-amz-checksum-crc32': text },
      mentions: 'Value for x-amz-checksum-crc32 header is invalid',
    })),
    {
      name: 'the SDK means another',
      headers: { 'x-amz-checksum-crc32': crc32, 'x-amz-sdk-checksum-algorithm': 'CRC32C' },
      mentions: 'Value for x-amz-sdk-checksum-algorithm header is invalid',
    },
    {
      name: 'the SDK means another than the trailer',
      headers: { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-sdk-checksum-algorithm': 'SHA1' },
      mentions: 'Value for x-amz-sdk-checksum-algorithm header is invalid',
    },
    {
      name: 'the SDK means one that is not there',
      headers: { 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      mentions: 'no corresponding x-amz-checksum-*',
    },
    {
      name: 'the SDK means none that there is',
      headers: { 'x-amz-sdk-checksum-algorithm': 'CRC16', 'x-amz-checksum-crc32': crc32 },
      mentions: 'Please try again with any of the valid types',
    },
  ];
  for (const c of refused) {
    it(`is refused: ${c.name}`, () => {
      const { mentions } = c;
      assert.throws(() => parseDeclaredChecksum(headersOf(c.headers)), s3Error('InvalidRequest', { mentions }));
    });
  }

  it('of any headers is one or none', () => {
    const headers = headersLike({
      'x-amz-checksum-crc32': [crc32],
      'x-amz-checksum-sha1': ['qZk+NkcGgWq6PiVxeFDCbJzQ2J0='],
      'x-amz-trailer': ['x-amz-checksum-crc32', 'x-amz-checksum-sha256, x-amz-checksum-md5'],
      'x-amz-sdk-checksum-algorithm': ['CRC32', 'SHA1'],
    });
    fuzz(headers, parseDeclaredChecksum, (found) => {
      assert.ok(found === undefined || checksumAlgorithms.includes(found.algorithm));
    });
  });
});

describe('the checksum in a trailer', () => {
  it('is the one that was announced', () => {
    assert.equal(hexText(checksumInTrailer('CRC32', headersOf({ 'x-amz-checksum-crc32': crc32 }))), '01020304');
    for (const [trailer, mentions] of [
      [{}, 'lacks x-amz-checksum-crc32'],
      [{ 'x-amz-checksum-sha1': crc32 }, 'lacks x-amz-checksum-crc32'],
      [{ 'x-amz-checksum-crc32': 'x' }, 'Value for x-amz-checksum-crc32 trailing header is invalid'],
      [{ 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-sha1': crc32 }, 'Expecting a single'],
    ] as const) {
      const headers = new Map<string, string>(Object.entries(trailer));
      assert.throws(() => checksumInTrailer('CRC32', headers), s3Error('InvalidRequest', { mentions }));
    }
  });
});

describe('the checksum of an upload', () => {
  const types = { composite: 'COMPOSITE', full: 'FULL_OBJECT' } as const;
  const allowed: Record<string, readonly string[]> = {
    CRC32: [types.composite, types.full],
    CRC32C: [types.composite, types.full],
    CRC64NVME: [types.full],
  };
  for (const algorithm of checksumAlgorithms) {
    const expected = allowed[algorithm] ?? [types.composite];
    it(`${algorithm} is ${expected.join(' or ')}, the first by default`, () => {
      const named = { 'x-amz-checksum-algorithm': algorithm.toLowerCase() };
      assert.deepEqual(parseUploadChecksum(headersOf(named)), { algorithm, type: expected[0] });
      for (const type of Object.values(types)) {
        const headers = headersOf({ ...named, 'x-amz-checksum-type': type });
        if (expected.includes(type)) assert.deepEqual(parseUploadChecksum(headers), { algorithm, type });
        else {
          const mentions = `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm`;
          assert.throws(() => parseUploadChecksum(headers), s3Error('InvalidRequest', { mentions }));
        }
      }
    });
  }

  it('may be none, but not a type alone, and not one that there is none of', () => {
    assert.equal(parseUploadChecksum(new Map()), undefined);
    assert.equal(parseCopyChecksumAlgorithm(new Map()), undefined);
    assert.equal(parseCopyChecksumAlgorithm(headersOf({ 'x-amz-checksum-algorithm': 'SHA512' })), 'SHA512');
    const alone = headersOf({ 'x-amz-checksum-type': 'COMPOSITE' });
    assert.throws(() => parseUploadChecksum(alone), s3Error('InvalidRequest', { mentions: 'can only be used with' }));
    const unknown = headersOf({ 'x-amz-checksum-algorithm': 'CRC16' });
    for (const parse of [parseUploadChecksum, parseCopyChecksumAlgorithm]) {
      assert.throws(() => parse(unknown), s3Error('InvalidRequest', { mentions: 'unsupported' }));
    }
    assert.throws(() => parseChecksumType('HALF'), s3Error('InvalidRequest', { mentions: 'x-amz-checksum-type' }));
  });

  it('is that of its parts, where they have one', () => {
    const upload = { algorithm: 'SHA256', type: 'COMPOSITE' } as const;
    checkPartAlgorithm(undefined, upload);
    checkPartAlgorithm({ algorithm: 'CRC32', value: undefined }, undefined);
    checkPartAlgorithm({ algorithm: 'SHA256', value: undefined }, upload);
    const mentions = 'expected checksum Type: sha256, actual checksum Type: crc32';
    const other = { algorithm: 'CRC32', value: undefined } as const;
    assert.throws(() => checkPartAlgorithm(other, upload), s3Error('InvalidRequest', { mentions }));
  });

  it('of any headers is an allowed one', () => {
    const headers = headersLike({
      'x-amz-checksum-algorithm': ['CRC32', 'SHA256', 'CRC64NVME'],
      'x-amz-checksum-type': ['FULL_OBJECT', 'COMPOSITE'],
    });
    fuzz(headers, parseUploadChecksum, (upload) => {
      assert.ok(upload === undefined || (allowed[upload.algorithm] ?? [types.composite]).includes(upload.type));
    });
  });
});

describe('Content-MD5', () => {
  it('is 16 bytes in base64', () => {
    assert.equal(parseContentMd5(new Map()), undefined);
    const md5 = parseContentMd5(headersOf({ 'content-md5': ' 1B2M2Y8AsgTpgAmY7PhCfg== ' }));
    assert.equal(md5 && hexText(md5), 'd41d8cd98f00b204e9800998ecf8427e');
    for (const text of [
      '',
      'd41d8cd98f00b204e9800998ecf8427e',
      '1B2M2Y8AsgTpgAmY7PhCfg',
      'AQIDBA==',
      '1B2M2Y8AsgTpgAmY7PhCfh==',
    ]) {
      assert.throws(() => parseContentMd5(headersOf({ 'content-md5': text })), s3Error('InvalidDigest'));
    }
  });

  it('or any checksum is there where a digest is required', () => {
    requireDigest(new Uint8Array(16), undefined);
    requireDigest(undefined, { algorithm: 'CRC32', value: undefined });
    assert.throws(() => requireDigest(undefined, undefined), s3Error('InvalidRequest', { mentions: 'Content-MD5 OR' }));
  });

  it('of any text is 16 bytes or refused', () => {
    fuzz(headersLike({ 'content-md5': ['1B2M2Y8AsgTpgAmY7PhCfg=='] }), parseContentMd5, (md5) => {
      assert.ok(md5 === undefined || md5.byteLength === 16);
    });
  });
});
