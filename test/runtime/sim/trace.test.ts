import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runWorkload } from './workload.js';

describe('runtime/sim: one seed, one run', () => {
  it('gives one trace hash for one seed, twice here and in a fresh process, and others for other seeds', async () => {
    const first = await runWorkload(11);
    assert.equal(await runWorkload(11), first);
    const others = [await runWorkload(12), await runWorkload(13), await runWorkload(14)];
    assert.equal(new Set([first, ...others]).size, 4);

    const module = fileURLToPath(new URL('workload.js', import.meta.url));
    const script = `import(${JSON.stringify(module)}).then(async (m) => console.log(await m.runWorkload(11)))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(printed.trim(), first);
  });

  it('takes the same course when every single event gets a macrotask of its own', async () => {
    for (const seed of [21, 22, 23]) {
      assert.equal(await runWorkload(seed, { drainsAlways: true }), await runWorkload(seed));
    }
  });
});
