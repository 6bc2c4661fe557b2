// Writes maps/, mappings/ and cases.json, asking `crushtool` for every mapping. See README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maps } from './maps.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'cairn-golden-'));
const inputCount = 1024;
const allCases = [];

for (const folder of ['maps', 'mappings']) {
  rmSync(join(here, folder), { recursive: true, force: true });
  mkdirSync(join(here, folder));
}
for (const { name, text, cases } of maps) {
  const binary = compile(name, text);
  const columns = cases.map(([rule, replicas, weights = {}, minX = 0]) => {
    const maxX = minX + inputCount - 1;
    allCases.push({ map: name, rule, replicas, minX, maxX, weights });
    return mappings(binary, { rule, replicas, weights, minX, maxX });
  });
  const lines = Array.from({ length: inputCount }, (_, i) => columns.map((column) => column[i]).join(' '));
  writeFileSync(join(here, 'mappings', `${name}.txt`), `${lines.join('\n')}\n`);
}
writeFileSync(join(here, 'cases.json'), `[\n${allCases.map((c) => `  ${JSON.stringify(c)}`).join(',\n')}\n]\n`);
rmSync(work, { recursive: true });

/** The text as `crushtool` prints it, kept, is compiled once more, since printing rounds weights. */
function compile(name, text) {
  const source = join(work, 'source.txt');
  const binary = join(work, 'map.bin');
  const printed = join(here, 'maps', `${name}.txt`);
  writeFileSync(source, text);
  execFileSync('crushtool', ['-c', source, '--enable-unsafe-tunables', '-o', binary]);
  execFileSync('crushtool', ['-d', binary, '-o', printed]);
  execFileSync('crushtool', ['-c', printed, '--enable-unsafe-tunables', '-o', binary]);
  const again = execFileSync('crushtool', ['-d', binary]).toString();
  if (again !== readFileSync(printed, 'utf8')) throw new Error(`${name} is not printed as it was read`);
  return binary;
}

/** Per input the devices, as `1,2,3`; `-` for a hole; `.` for no device at all. */
function mappings(binary, { rule, replicas, weights, minX, maxX }) {
  const options = Object.entries(weights).flatMap(([device, weight]) => ['--weight', device, weight]);
  const test = ['-i', binary, '--test', '--rule', rule, '--num-rep', replicas, '--min-x', minX, '--max-x', maxX];
  const output = execFileSync('crushtool', [...test, ...options, '--show-mappings'].map(String)).toString();
  const lines = output.split('\n').filter((line) => line.startsWith('CRUSH rule'));
  if (lines.length !== maxX - minX + 1) throw new Error(`${lines.length} lines`);
  return lines.map((line, i) => {
    const match = /^CRUSH rule (\d+) x (\d+) \[(.*)\]$/.exec(line);
    if (match === null || Number(match[1]) !== rule || Number(match[2]) !== minX + i) throw new Error(line);
    return match[3] === '' ? '.' : match[3].replaceAll('2147483647', '-');
  });
}
