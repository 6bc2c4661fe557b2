import assert from 'node:assert/strict';
import type { Authentication } from '../../../gateway/auth/authenticate.js';
import { openPayload } from '../../../gateway/body/payload.js';
import { verifiedPayload } from '../../../gateway/body/payload-hash.js';
import { isS3Error } from '../../../gateway/s3-error.js';
import { frame, sha256 } from '../auth/signer.js';
import { readAll, sourceOf } from '../requests.js';
import { bytesOf, seedOf, signing } from './framing.js';

const pieces = [Buffer.from('hello '), Buffer.alloc(0), Buffer.from('world')];

function request(headers: Readonly<Record<string, string>>, body: Iterable<Uint8Array> = pieces) {
  return { headers: new Map(Object.entries(headers)), body: sourceOf(body) };
}

describe('a body whose hash was signed', () => {
  it('is handed on as it comes, without copies', async () => {
    const found: Uint8Array[] = [];
    for await (const piece of verifiedPayload(sourceOf(pieces), sha256('hello world'))) found.push(piece);
    assert.deepEqual(found, pieces);
    assert.equal(found[0]?.buffer, pieces[0]?.buffer);
  });

  it('is refused at its end when it is another one', async () => {
    await assert.rejects(
      readAll(verifiedPayload(sourceOf(pieces), sha256('hello'))),
      (error) =>
        isS3Error(error, 'XAmzContentSHA256Mismatch') &&
        error.fields['ClientComputedContentSHA256'] === sha256('hello') &&
        error.fields['S3ComputedContentSHA256'] === sha256('hello world'),
    );
  });

  it('may be empty', async () => {
    assert.equal((await readAll(verifiedPayload(sourceOf([]), sha256('')))).byteLength, 0);
  });
});

describe('the payload of a request', () => {
  const anonymous = (kind: 'unsigned' | 'unsigned-chunks'): Authentication<never> => ({
    kind: 'anonymous',
    payload: { kind },
  });

  it('is its body where nothing was promised', async () => {
    const payload = openPayload(request({ 'content-length': '11' }), anonymous('unsigned'));
    assert.equal(payload.length, 11);
    assert.equal((await readAll(payload.bytes)).toString(), 'hello world');
    assert.equal(payload.trailers().size, 0);
  });

  it('has no length where the client did not say it', () => {
    assert.equal(openPayload(request({}), anonymous('unsigned')).length, undefined);
  });

  it('is checked against its hash', async () => {
    const promised = { kind: 'anonymous', payload: { kind: 'sha256', sha256: sha256('x') } } as const;
    const payload = openPayload(request({}), promised);
    await assert.rejects(readAll(payload.bytes), (error) => isS3Error(error, 'XAmzContentSHA256Mismatch'));
  });

  it('is taken out of its framing, trailers apart', async () => {
    const headers = { 'x-amz-decoded-content-length': '11', 'x-amz-trailer': ' X-Amz-Checksum-Crc32 ,' };
    const body = frame({ chunks: [Buffer.from('hello world')], trailers: ['x-amz-checksum-crc32:A'] });
    const payload = openPayload(request(headers, [body]), anonymous('unsigned-chunks'));
    assert.equal(payload.length, 11);
    assert.equal((await readAll(payload.bytes)).toString(), 'hello world');
    assert.deepEqual([...payload.trailers()], [['x-amz-checksum-crc32', 'A']]);
  });

  for (const hasTrailer of [false, true]) {
    it(`is checked against the signatures of its chunks, ${hasTrailer ? 'with' : 'without'} a trailer`, async () => {
      const authentication: Authentication<string> = {
        kind: 'signed',
        by: 'header',
        accessKey: 'A',
        identity: 'user',
        signedAt: 0 as never,
        payload: { kind: 'signed-chunks', hasTrailer },
        seed: seedOf(),
      };
      const headers = { 'x-amz-decoded-content-length': '8192' };
      const body = frame({ chunks: [bytesOf(8192, 0)], signing, ...(hasTrailer ? { trailers: [] } : {}) });
      const right = openPayload(request(headers, [body]), authentication);
      assert.deepEqual(await readAll(right.bytes), Buffer.from(bytesOf(8192, 0)));
      const wrong = Buffer.from(body);
      wrong[4000] = (wrong[4000] ?? 0) ^ 1;
      const refused = openPayload(request(headers, [wrong]), authentication);
      await assert.rejects(readAll(refused.bytes), (error) => isS3Error(error, 'SignatureDoesNotMatch'));
    });
  }

  it('needs its length where it is framed', () => {
    assert.throws(
      () => openPayload(request({ 'content-length': '11' }), anonymous('unsigned-chunks')),
      (error) => isS3Error(error, 'MissingContentLength'),
    );
  });

  for (const length of ['', '-1', '1.0', 'x', '0x10', '9007199254740993', '11111111111111111']) {
    it(`has no length of '${length}'`, () => {
      for (const [name, kind] of [
        ['content-length', 'unsigned'],
        ['x-amz-decoded-content-length', 'unsigned-chunks'],
      ] as const) {
        assert.throws(
          () => openPayload(request({ [name]: length }), anonymous(kind)),
          (error) => isS3Error(error, 'InvalidArgument') && error.fields['ArgumentName'] === name,
        );
      }
    });
  }
});
