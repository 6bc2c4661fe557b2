/** Commands about clusters of 12,000 OSDs, from the command line to the map and back. */
import assert from 'node:assert/strict';
import { largeMap } from './large-map.js';
import { clusterOf, done, json, run } from './run-commands.js';

const osdCount = 12_000;

describe('commands in a cluster of 12,000 OSDs', () => {
  const map = largeMap(osdCount);

  it('osd tree, df and dump show every OSD', async () => {
    const cluster = clusterOf(map);
    const tree = (await json(cluster, 'osd tree')) as { nodes: { id: number }[] };
    assert.equal(tree.nodes.filter(({ id }) => id >= 0).length, osdCount);
    const dump = (await json(cluster, 'osd dump')) as { osds: unknown[] };
    assert.equal(dump.osds.length, osdCount);
    const df = (await json(cluster, 'osd df')) as { nodes: unknown[] };
    assert.equal(df.nodes.length, osdCount);
  });

  it('a CRUSH map that was got can be edited and set', async () => {
    const cluster = clusterOf(map);
    const got = await run(cluster, 'crush get -o map.bin');
    assert.equal(got.code, 0, got.stderr);
    const bytes = got.files.get('map.bin');
    assert.ok(bytes instanceof Uint8Array);
    assert.match(await done(cluster, 'crush set map.bin', { 'map.bin': bytes }), /has this CRUSH map already/);
  });

  it('osd out all and in all answer with what they changed', async () => {
    const cluster = clusterOf(map);
    assert.match(await done(cluster, 'osd out all'), /marked out osd\.0, .* and 11992 more/);
    const { changed } = (await json(cluster, 'osd in all')) as { changed: unknown[] };
    assert.equal(changed.length, osdCount);
  });
});
