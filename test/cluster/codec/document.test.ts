import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { concatBytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { wallMs } from '../../../base/instants.js';
import type { Incremental, MapChange } from '../../../cluster/change.js';
import { decodeIncremental, encodeIncremental } from '../../../cluster/codec/incremental-codec.js';
import { decodeMap, decodeMapInSlices, encodeMap, encodeMapInSlices } from '../../../cluster/codec/map-codec.js';
import { readStructure, version1, writeSection } from '../../../cluster/codec/section.js';
import { epoch } from '../../../cluster/ids.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { fsid, members, next, osd, pool, record, recordsChange, smallMap } from '../samples.js';
import { documentOf, extended, resealed, sectionsOf, type RawSection } from './documents.js';

const map = smallMap();
const mapBytes = encodeMap(map);
const changes: readonly MapChange[] = [
  { kind: 'osd', osd: osd(1, { isUp: false }) },
  recordsChange(1, [[3, record(9, members(1, 2), { eligible: members(0) })]]),
  { kind: 'flag', flag: 'pause', isSet: true },
  { kind: 'crush', crush: map.crush },
];
const incremental: Incremental = { epoch: epoch(3), fsid, changedAt: wallMs(5), changes };
const incrementalBytes = encodeIncremental(incremental);

const formats = [
  {
    name: 'a map',
    magic: 'CMAP',
    bytes: mapBytes,
    again: (bytes: Uint8Array) => encodeMap(decodeMap(bytes)),
    /** What is read passes this. */
    check: (bytes: Uint8Array) => validateMap(decodeMap(bytes)),
  },
  {
    name: 'an incremental',
    magic: 'CINC',
    bytes: incrementalBytes,
    again: (bytes: Uint8Array) => encodeIncremental(decodeIncremental(bytes)),
    check: (bytes: Uint8Array) => void decodeIncremental(bytes),
  },
];

for (const { name, magic, bytes, again, check } of formats) {
  const sections = sectionsOf(bytes);

  describe(`${name} from another version`, () => {
    it('is read where sections have fields that are not known', () => {
      assert.deepEqual(again(documentOf(magic, sections.map(extended))), bytes);
    });

    it('is read without the sections that may be left out', () => {
      const unknown: RawSection = { kind: 99, version: 3, compat: 0, body: Uint8Array.of(1, 2) };
      assert.deepEqual(again(documentOf(magic, [...sections, unknown])), bytes);
    });

    const refused: readonly (readonly [string, Uint8Array])[] = [
      [
        'a section that must be understood',
        documentOf(magic, [...sections, { kind: 99, version: 1, compat: 1, body: new Uint8Array(0) }]),
      ],
      [
        'a known section of a later format',
        documentOf(
          magic,
          sections.map((section) => ({ ...section, version: 3, compat: 2 })),
        ),
      ],
      ['a later frame', documentOf(magic, sections, [2, 2])],
    ];
    for (const [what, document] of refused) {
      it(`is refused for ${what}, with advice`, () => {
        assert.throws(() => again(document), { code: 'VERSION_MISMATCH', message: /upgrade this daemon/ });
      });
    }
  });

  describe(`${name} that was damaged`, () => {
    it('is refused for every bit that flips', () => {
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
        const damaged = Uint8Array.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        assert.throws(() => check(damaged), { code: 'CORRUPT' });
      }
    });

    it('is refused wherever it is cut off, or goes on', () => {
      for (let length = 0; length < bytes.byteLength; length += 1) {
        assert.throws(() => check(bytes.subarray(0, length)), { code: 'CORRUPT' });
      }
      assert.throws(() => check(concatBytes([bytes, Uint8Array.of(0)])), { code: 'CORRUPT' });
    });

    it('beneath its checksum gives an error or a valid value, never another failure', () => {
      const position = fc.integer({ min: 0, max: bytes.byteLength - 9 });
      const edits = fc.array(fc.tuple(position, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(edits, (list) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, value] of list) damaged[at] = value;
          expectValueOrError(() => check(resealed(damaged)));
        }),
        { numRuns: 1000 },
      );
    });

    it('beneath its checksum by moved, doubled and missing sections is no other failure either', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...sections), { maxLength: 8 }), (list) => {
          expectValueOrError(() => check(documentOf(magic, list)));
        }),
      );
    });
  });

  describe(`${name} beneath its checksum`, () => {
    it('is refused where a section ends within a value', () => {
      const [first, ...rest] = sections;
      assert.ok(first !== undefined);
      const cut = { ...first, body: first.body.subarray(0, 3) };
      assert.throws(() => check(documentOf(magic, [cut, ...rest])), { code: 'PARSE_ERROR' });
    });
  });
}

function expectValueOrError(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CairnError, String(error));
    assert.ok(['CORRUPT', 'PARSE_ERROR', 'VERSION_MISMATCH'].includes(error.code), error.code);
  }
}

describe('a map beneath its checksum', () => {
  const cases: readonly (readonly [string, (section: RawSection) => RawSection[], string])[] = [
    ['without a CRUSH map', (section) => (section.kind === 4 ? [] : [section]), 'PARSE_ERROR'],
    ['without a head', (section) => (section.kind === 1 ? [] : [section]), 'PARSE_ERROR'],
    ['with two heads', (section) => (section.kind === 1 ? [section, section] : [section]), 'PARSE_ERROR'],
    ['without the records of a pool', (section) => (section.kind === 6 ? [] : [section]), 'PARSE_ERROR'],
    ['with its records twice', (section) => (section.kind === 6 ? [section, section] : [section]), 'PARSE_ERROR'],
    ['with its OSDs twice', (section) => (section.kind === 3 ? [section, section] : [section]), 'PARSE_ERROR'],
    ['without the OSDs that upmaps name', (section) => (section.kind === 3 ? [] : [section]), 'CORRUPT'],
    ['without monitors', (section) => (section.kind === 2 ? [] : [section]), 'CORRUPT'],
  ];
  for (const [name, edit, code] of cases) {
    it(`is refused ${name}`, () => {
      const document = documentOf('CMAP', sectionsOf(mapBytes).flatMap(edit));
      assert.throws(() => decodeMap(document), { code });
    });
  }

  it('is refused as an incremental, and an incremental as a map', () => {
    assert.throws(() => decodeIncremental(mapBytes), { code: 'CORRUPT' });
    assert.throws(() => decodeMap(incrementalBytes), { code: 'CORRUPT' });
  });
});

describe('a structure within a section', () => {
  it('is read without what a later version put at its end', () => {
    const out = new ByteWriter();
    writeSection(out, { kind: 0, version: 9, compat: 1 }, () => {
      out.varint(5);
      out.text('not known');
    });
    out.u8(7);
    const input = new ByteReader(out.bytes());
    assert.equal(
      readStructure(input, 'it', (body) => body.varint('a number')),
      5,
    );
    assert.equal(input.u8('what follows'), 7);
  });

  it('cannot be read beyond its end', () => {
    const out = new ByteWriter();
    writeSection(out, { kind: 0, ...version1 }, () => out.u8(1));
    out.u32(7);
    const input = new ByteReader(out.bytes());
    assert.throws(() => readStructure(input, 'it', (body) => body.u32('a number')), { code: 'PARSE_ERROR' });
  });

  it('that wants later readers than its own version is malformed', () => {
    const out = new ByteWriter();
    writeSection(out, { kind: 0, version: 1, compat: 2 }, () => undefined);
    assert.throws(() => readStructure(new ByteReader(out.bytes()), 'it', () => 0), { code: 'PARSE_ERROR' });
  });
});

describe('a large map', () => {
  const large = next(map, { kind: 'pool', pool: pool(2, { pgNum: 20_000, createdAt: epoch(3) }) });

  it('is written in pieces that make the whole, each bounded', () => {
    const pieces = [...encodeMapInSlices(large)];
    assert.ok(pieces.length >= 2);
    for (const piece of pieces) assert.ok(piece.byteLength < 96 * 1024, `${piece.byteLength}`);
    assert.deepEqual(concatBytes(pieces), encodeMap(large));
  });

  it('is read in steps', () => {
    const steps = decodeMapInSlices(encodeMap(large));
    let count = 0;
    while (steps.next().done !== true) count += 1;
    assert.ok(count >= 25, `${count}`);
  });
});
