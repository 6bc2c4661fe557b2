import assert from 'node:assert/strict';
import type { AwsChunkedOptions } from '../../../gateway/body/aws-chunked.js';
import { AwsChunkedBody, AwsChunkedDecoder } from '../../../gateway/body/aws-chunked.js';
import { isS3Error } from '../../../gateway/s3-error.js';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { frame } from '../auth/signer.js';
import { readAll, sourceOf } from '../requests.js';
import { bytesOf, seedOf, signing } from './framing.js';

const checksum = 'x-amz-checksum-crc32';
const unsigned = { seed: undefined, trailers: [] };

/** All at once: the payload and the trailers. */
function decode(body: string | Uint8Array, options: AwsChunkedOptions): { payload: string; trailers: object } {
  const decoder = new AwsChunkedDecoder(options);
  const payload = Buffer.concat(decoder.push(Buffer.from(body))).toString('latin1');
  return { payload, trailers: Object.fromEntries(decoder.end()) };
}

function refuses(body: string | Uint8Array, options: AwsChunkedOptions, code: S3ErrorCode, says: RegExp): void {
  assert.throws(
    () => decode(body, options),
    (error) => isS3Error(error, code) && says.test(error.message),
  );
}

/** `text` with what `from` matches replaced, without touching any byte beside. */
function changed(body: Uint8Array, from: RegExp, to: string): Buffer {
  const text = Buffer.from(body).toString('latin1');
  assert.match(text, from);
  return Buffer.from(text.replace(from, to), 'latin1');
}

describe('aws-chunked without signatures', () => {
  const accepted = [
    { name: 'nothing', body: '0\r\n\r\n', payload: '', trailers: {} },
    { name: 'one chunk', body: '5\r\nhello\r\n0\r\n\r\n', payload: 'hello', trailers: {} },
    {
      name: 'sizes with leading zeros, in either case',
      body: '00A\r\n0123456789\r\n000\r\n\r\n',
      payload: '0123456789',
    },
    { name: 'extensions that nobody uses', body: '1;a=b;c\r\nx\r\n0;d\r\n\r\n', payload: 'x' },
    { name: 'signatures that nobody checks', body: '1;chunk-signature=00\r\nx\r\n0\r\n\r\n', payload: 'x' },
    { name: 'payload that looks like framing', body: '7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n', payload: '\r\n0\r\n\r\n' },
    { name: 'no blank line at its end', body: '1\r\nx\r\n0\r\n', payload: 'x' },
    { name: 'a trailer', body: `1\r\nx\r\n0\r\n${checksum}:AA==\r\n\r\n`, payload: 'x', value: 'AA==' },
    { name: 'a trailer and no blank line', body: `1\r\nx\r\n0\r\n${checksum}:AA==\r\n`, payload: 'x', value: 'AA==' },
    { name: 'a trailer and no end of its line', body: `1\r\nx\r\n0\r\n${checksum}:AA==`, payload: 'x', value: 'AA==' },
    { name: 'a trailer behind a blank line', body: `0\r\n\r\n${checksum}:AA==\r\n\r\n`, payload: '', value: 'AA==' },
    { name: 'a trailer that ends with a line feed', body: `0\r\n${checksum}:A\n\r\n\r\n`, payload: '', value: 'A' },
    {
      name: 'a trailer with spaces, upper case',
      body: `0\r\n${checksum.toUpperCase()} : A \r\n\r\n`,
      payload: '',
      value: 'A',
    },
    { name: 'an empty trailer', body: `0\r\n${checksum}:\r\n\r\n`, payload: '', value: '' },
  ];
  for (const { name, body, payload, value } of accepted) {
    it(`is read with ${name}`, () => {
      const trailers = value === undefined ? [] : [checksum];
      const found = decode(body, { decodedBytes: payload.length, seed: undefined, trailers });
      assert.deepEqual(found, { payload, trailers: value === undefined ? {} : { [checksum]: value } });
    });
  }

  const malformed = [
    { name: 'no size', body: '\r\n' },
    { name: 'a size that is no number', body: 'g\r\n' },
    { name: 'a negative size', body: '-1\r\n' },
    { name: 'a size with 0x', body: '0x1\r\nx\r\n0\r\n\r\n' },
    { name: 'a size with spaces', body: '1 \r\nx\r\n0\r\n\r\n' },
    { name: 'a size of 17 digits', body: '00000000000000001\r\nx\r\n0\r\n\r\n' },
    { name: 'a size that is no safe integer', body: 'fffffffffffffff\r\nx' },
    { name: 'a line that ends with a line feed alone', body: '1\nx\r\n0\r\n\r\n' },
    { name: 'a line that has a carriage return inside', body: '1;\r;\r\nx\r\n0\r\n\r\n' },
    { name: 'two signatures', body: '1;chunk-signature=0;chunk-signature=0\r\nx' },
    { name: 'a line of 257 bytes', body: `1;${'a'.repeat(253)}\r\nx` },
    { name: 'a line without an end', body: '1'.repeat(300) },
    { name: 'a chunk longer than its size', body: '1\r\nxy\r\n0\r\n\r\n' },
    { name: 'a chunk that ends with a line feed alone', body: '1\r\nx\n0\r\n\r\n' },
    { name: 'a chunk that ends with a carriage return alone', body: '1\r\nx\r0\r\n\r\n' },
  ];
  for (const { name, body } of malformed) {
    it(`is malformed with ${name}`, () =>
      refuses(body, { ...unsigned, decodedBytes: 1 }, 'InvalidRequest', /malformed/));
  }

  it('may have lines of 256 bytes', () => {
    assert.equal(decode(`1;${'a'.repeat(252)}\r\nx\r\n0\r\n\r\n`, { ...unsigned, decodedBytes: 1 }).payload, 'x');
  });

  const incomplete = [
    { name: 'within a line', body: '5' },
    { name: 'within a chunk', body: '5\r\nhell' },
    { name: 'behind a chunk', body: '5\r\nhello' },
    { name: 'between chunks', body: '5\r\nhello\r\n' },
    { name: 'within the last line', body: '5\r\nhello\r\n0\r' },
    { name: 'before it starts', body: '' },
  ];
  for (const { name, body } of incomplete) {
    it(`is incomplete when it ends ${name}`, () => {
      refuses(body, { ...unsigned, decodedBytes: 5 }, 'IncompleteBody', /before its last chunk/);
    });
  }

  it('is incomplete with fewer bytes than announced', () => {
    refuses('1\r\nx\r\n0\r\n\r\n', { ...unsigned, decodedBytes: 2 }, 'IncompleteBody', /fewer/);
  });

  it('is refused with more bytes than announced, before they are read', () => {
    refuses('3\r\n', { ...unsigned, decodedBytes: 2 }, 'IncompleteBody', /more/);
    refuses('1fffffffffffff\r\n', { ...unsigned, decodedBytes: 2 }, 'IncompleteBody', /more/);
  });

  it('has no chunk below 8 KiB but the last', () => {
    const options = { ...unsigned, decodedBytes: 16_383 };
    const large = Buffer.alloc(8192);
    const small = Buffer.alloc(8191);
    assert.equal(decode(frame({ chunks: [large, small] }), options).payload.length, 16_383);
    refuses(frame({ chunks: [small, large] }), options, 'InvalidChunkSizeError', /8192/);
  });

  const trailerErrors = [
    { name: 'one that was not announced', lines: 'x-amz-checksum-sha1:A\r\n', says: /'x-amz-checksum-sha1' was not/ },
    { name: 'one that is announced and missing', lines: '', says: /announced .* did not come/ },
    { name: 'one that comes twice', lines: `${checksum}:A\r\n${checksum}:A\r\n`, says: /twice/ },
    { name: 'a line without a colon', lines: 'nonsense\r\n', says: /form name:value/ },
    { name: 'a line without a name', lines: ':A\r\n', says: /form name:value/ },
    { name: 'bytes that are no text', lines: `${checksum}:\u00ff\r\n`, says: /form name:value/ },
    { name: 'a signature', lines: `${checksum}:A\r\nx-amz-trailer-signature:0\r\n`, says: /not announced/ },
    { name: 'a line of more than 256 bytes', lines: `${checksum}:${'A'.repeat(256)}\r\n`, says: /256 bytes/ },
    { name: 'more than 4,096 bytes', lines: '\r\n'.repeat(2050), says: /4096 bytes/ },
    { name: 'a name that is no text', lines: `${'\u00e9'.repeat(100)}:A\r\n`, says: /'\?{64}' was not/ },
  ];
  for (const { name, lines, says } of trailerErrors) {
    it(`has malformed trailers with ${name}`, () => {
      const options = { decodedBytes: 0, seed: undefined, trailers: [checksum] };
      refuses(Buffer.from(`0\r\n${lines}\r\n`, 'latin1'), options, 'MalformedTrailerError', says);
    });
  }
});

describe('aws-chunked with signatures', () => {
  const chunks = [bytesOf(8192, 1), bytesOf(9000, 2), bytesOf(7, 3)];
  const payload = Buffer.concat(chunks).toString('latin1');
  const body = frame({ chunks, signing });
  const options: AwsChunkedOptions = { decodedBytes: payload.length, seed: seedOf(), trailers: undefined };
  const mismatch = (wrong: Uint8Array, says = /a chunk of the body/): void =>
    refuses(wrong, options, 'SignatureDoesNotMatch', says);

  it('is read when all are right', () => assert.equal(decode(body, options).payload, payload));

  it('is read without its blank line', () => assert.equal(decode(body.subarray(0, -2), options).payload, payload));

  it('is refused when a byte differs', () => {
    const wrong = Buffer.from(body);
    wrong[5000] = (wrong[5000] ?? 0) ^ 1;
    mismatch(wrong);
  });

  it('is refused when a signature differs, the last one, too', () => {
    mismatch(changed(body, /chunk-signature=./, 'chunk-signature=g'));
    mismatch(changed(body, /0;chunk-signature=.(?=[\da-f]*\r\n\r\n$)/, '0;chunk-signature=g'));
    mismatch(changed(body, /chunk-signature=[\da-f]+/, 'chunk-signature='));
  });

  it('is refused when a signature is missing', () => {
    refuses(changed(body, /;chunk-signature=[\da-f]+/, ''), options, 'InvalidRequest', /lacks its signature/);
  });

  it('is refused when chunks were swapped, repeated or left out', () => {
    const [first, second, third] = frame({
      chunks: [chunks[0], chunks[0], chunks[0]].filter((c) => c !== undefined),
      signing,
    })
      .toString('latin1')
      .split(/(?=2000;)/);
    const end = frame({ chunks: [], signing });
    const options = { decodedBytes: 3 * 8192, seed: seedOf(), trailers: undefined };
    for (const order of [`${second}${first}${third}`, `${first}${first}${third}`]) {
      refuses(Buffer.from(order, 'latin1'), options, 'SignatureDoesNotMatch', /chunk/);
    }
    const cut = Buffer.concat([Buffer.from(`${first}`, 'latin1'), end]);
    refuses(cut, { ...options, decodedBytes: 8192 }, 'SignatureDoesNotMatch', /chunk/);
  });

  it('is refused under another seed, key, date or scope', () => {
    const seed = seedOf();
    const others = [
      { ...seed, signature: '0'.repeat(64) },
      { ...seed, key: Buffer.alloc(32) },
      { ...seed, stamp: '20130524T000001Z' },
      { ...seed, scope: '20130524/us-east-2/s3/aws4_request' },
    ];
    for (const other of others) refuses(body, { ...options, seed: other }, 'SignatureDoesNotMatch', /chunk/);
  });

  it('tells what was signed', () => {
    assert.throws(
      () => decode(changed(body, /chunk-signature=./, 'chunk-signature=g'), options),
      (error) =>
        isS3Error(error, 'SignatureDoesNotMatch') &&
        error.fields['StringToSign']?.startsWith('AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n') === true &&
        /^g[\da-f]{63}$/.test(error.fields['SignatureProvided'] ?? ''),
    );
  });

  it('is refused with anything behind its end', () => {
    const wrong = Buffer.concat([body, Buffer.from(`${checksum}:A\r\n`)]);
    refuses(wrong, options, 'InvalidRequest', /behind its last chunk/);
  });
});

describe('aws-chunked with signatures and trailers', () => {
  const chunks = [bytesOf(8192, 1), bytesOf(1, 2)];
  const names = [checksum, 'x-amz-checksum-sha256'];
  const lines = [`${checksum}:AAAAAA==`, 'x-amz-checksum-sha256:BBBB'];
  const options: AwsChunkedOptions = { decodedBytes: 8193, seed: seedOf(), trailers: names };
  const body = frame({ chunks, signing, trailers: lines });

  it('is read when all are right', () => {
    assert.deepEqual(decode(body, options).trailers, { [checksum]: 'AAAAAA==', 'x-amz-checksum-sha256': 'BBBB' });
  });

  it('is read with line feeds for trailers and a blank line before the signature, as some clients send it', () => {
    const other = frame({ chunks, signing, trailers: lines.slice(0, 1), trailerEnd: '\n\r\n' });
    assert.deepEqual(decode(other, { ...options, trailers: [checksum] }).trailers, { [checksum]: 'AAAAAA==' });
  });

  it('is read with a signature over no trailers', () => {
    assert.deepEqual(decode(frame({ chunks, signing, trailers: [] }), { ...options, trailers: [] }).trailers, {});
  });

  const wrong = [
    {
      name: 'a trailer that differs',
      from: /AAAAAA==/,
      to: 'AAAAAB==',
      code: 'SignatureDoesNotMatch',
      says: /trailers/,
    },
    {
      name: 'another signature',
      from: /(trailer-signature:)./,
      to: '$1g',
      code: 'SignatureDoesNotMatch',
      says: /trailers/,
    },
    {
      name: 'no signature',
      from: /x-amz-trailer-signature:.*\r\n/,
      to: '',
      code: 'MalformedTrailerError',
      says: /missing/,
    },
    {
      name: 'a trailer behind the signature',
      from: /(x-amz-checksum-sha256:BBBB\r\n)(x-amz-trailer-signature:.*\r\n)/,
      to: '$2$1',
      code: 'MalformedTrailerError',
      says: /behind the signature/,
    },
    {
      name: 'a trailer that was left out',
      from: /x-amz-checksum-sha256:BBBB\r\n/,
      to: '',
      code: 'MalformedTrailerError',
      says: /did not come/,
    },
  ] as const;
  for (const c of wrong) {
    it(`is refused with ${c.name}`, () => refuses(changed(body, c.from, c.to), options, c.code, c.says));
  }
});

describe('an aws-chunked body', () => {
  it('hands on views of what it was lent, not copies', () => {
    const piece = frame({ chunks: [bytesOf(8192, 1), bytesOf(8192, 2)], signing });
    const decoder = new AwsChunkedDecoder({ decodedBytes: 16_384, seed: seedOf(), trailers: undefined });
    const views = decoder.push(piece);
    assert.equal(views.length, 2);
    for (const view of views) assert.equal(view.buffer, piece.buffer);
  });

  it('in pieces of one byte costs so much a byte, however long its chunks', () => {
    const bytes = 300_000;
    const decoder = new AwsChunkedDecoder({ decodedBytes: bytes, seed: seedOf(), trailers: undefined });
    let found = 0;
    const body = frame({ chunks: [bytesOf(bytes, 1)], signing });
    for (let i = 0; i < body.byteLength; i++) found += decoder.push(body.subarray(i, i + 1)).length;
    decoder.end();
    assert.equal(found, bytes);
  });

  it('is read through its iterator, trailers last', async () => {
    const pieces = [Buffer.from('3\r\na'), Buffer.from('bc\r\n0\r\n'), Buffer.from(`${checksum}:A\r\n\r\n`)];
    const body = new AwsChunkedBody(sourceOf(pieces), { decodedBytes: 3, seed: undefined, trailers: [checksum] });
    assert.throws(() => body.trailers(), /read to its end/);
    assert.equal((await readAll(body)).toString(), 'abc');
    assert.deepEqual([...body.trailers()], [[checksum, 'A']]);
  });

  it('fails at its end, not before, when its end is missing', async () => {
    const body = new AwsChunkedBody(sourceOf([Buffer.from('3\r\nabc\r\n')]), { ...unsigned, decodedBytes: 3 });
    const iterator = body[Symbol.asyncIterator]();
    assert.equal(Buffer.from((await iterator.next()).value ?? []).toString(), 'abc');
    await assert.rejects(iterator.next(), (error) => isS3Error(error, 'IncompleteBody'));
  });

  it('lets go of its source when its reader does, or when it is wrong', async () => {
    let closed = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('3\r\nabc\r\n');
        yield Buffer.from('nonsense\r\n');
      } finally {
        closed += 1;
      }
    };
    for await (const _piece of new AwsChunkedBody(source(), { ...unsigned, decodedBytes: 3 })) break;
    assert.equal(closed, 1);
    await assert.rejects(readAll(new AwsChunkedBody(source(), { ...unsigned, decodedBytes: 3 })));
    assert.equal(closed, 2);
  });

  it('hands on what its source throws', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('3\r\nabc');
      throw new Error('gone');
    };
    await assert.rejects(readAll(new AwsChunkedBody(source(), { ...unsigned, decodedBytes: 3 })), /gone/);
  });
});
