/** Random text maps: any algorithm, classes, nesting, weights to the last bit, tunables, rules, weight-sets. */
import fc from 'fast-check';

/** Draws numbers from 0 to below a bound; the same list gives the same map. */
export type Draw = (below: number) => number;

export const randomMapText: fc.Arbitrary<string> = fc
  .array(fc.nat({ max: 0xffff }), { minLength: 200, maxLength: 200 })
  .map((numbers) => {
    let at = 0;
    return buildMap((below) => (numbers[at++ % numbers.length] ?? 0) % below);
  });

const algorithms = ['straw2', 'straw2', 'straw2', 'straw', 'list', 'tree', 'uniform'];
const classes = ['', ' class hdd', ' class ssd', ' class nvme'];

function buildMap(draw: Draw): string {
  const deviceCount = 4 + draw(14);
  const hostCount = 2 + draw(4);
  const lines = tunables(draw);
  const classCount = 1 + draw(classes.length);
  const used = new Set<string>();
  for (let i = 0; i < deviceCount; i += 1) {
    const deviceClass = classes[draw(classCount)] ?? '';
    if (deviceClass !== '') used.add(deviceClass);
    lines.push(`device ${i} osd.${i}${deviceClass}`);
  }
  lines.push('type 0 osd', 'type 1 host', 'type 2 rack', 'type 10 root');
  const hosts: Built[] = [];
  for (let i = 0; i < hostCount; i += 1) {
    const items = Array.from({ length: deviceCount }, (_, id) => id).filter((id) => id % hostCount === i);
    const children = items.map((id) => ({ name: `osd.${id}`, weight: 1 + draw(200_000) }));
    hosts.push(bucket(draw, lines, `host host-${i}`, children, used.size === 0));
  }
  const racks = [0, 1].map((parity) => {
    return bucket(
      draw,
      lines,
      `rack rack_${parity}`,
      hosts.filter((_, i) => i % 2 === parity),
      false,
    );
  });
  bucket(draw, lines, 'root default', racks, false, ' id -1');
  lines.push(...rules(draw, [...used][0]));
  if (draw(2) === 0) lines.push(...weightSet(draw));
  return `${lines.join('\n')}\n`;
}

interface Built {
  readonly name: string;
  readonly weight: number;
}

function bucket(
  draw: Draw,
  lines: string[],
  head: string,
  children: readonly Built[],
  mayBeUniform: boolean,
  idLine?: string,
): Built {
  let algorithm = algorithms[draw(algorithms.length)] ?? 'straw2';
  // With classes crushtool copies buckets: it fails at uniform ones, and leaves unset memory in trees.
  if ((algorithm === 'uniform' || algorithm === 'tree') && !mayBeUniform) algorithm = 'straw2';
  const even = children[0]?.weight ?? 0;
  const items = children.map(({ name, weight }) => ({ name, weight: algorithm === 'uniform' ? even : weight }));
  lines.push(`${head} {`, ...(idLine === undefined ? [] : [idLine]), ` alg ${algorithm}`, ' hash 0');
  for (const { name, weight } of items) lines.push(` item ${name} weight ${(weight / 0x10000).toFixed(5)}`);
  lines.push('}');
  return { name: head.split(' ')[1] ?? '', weight: items.reduce((sum, { weight }) => sum + weight, 0) };
}

function tunables(draw: Draw): string[] {
  if (draw(4) === 0) return [];
  return [
    'tunable choose_local_tries 0',
    'tunable choose_local_fallback_tries 0',
    `tunable choose_total_tries ${20 + draw(40)}`,
    `tunable chooseleaf_descend_once ${draw(2)}`,
    `tunable chooseleaf_vary_r ${draw(3)}`,
    `tunable chooseleaf_stable ${draw(2)}`,
    `tunable straw_calc_version ${draw(2)}`,
    'tunable allowed_bucket_algs 54',
  ];
}

function rules(draw: Draw, deviceClass: string | undefined): string[] {
  const domain = ['osd', 'host', 'rack'][draw(3)] ?? 'host';
  const choose = `step ${domain === 'osd' ? 'choose' : 'chooseleaf'}`;
  const head = `type replicated min_size 1 max_size 4 step take default`;
  const lines = [
    `rule replicated { id 0 ${head} ${choose} firstn 0 type ${domain} step emit }`,
    `rule erasure { id ${1 + draw(3)} type erasure min_size 3 max_size 5 step set_choose_tries 40 step take default` +
      ` ${choose} indep 0 type ${domain} step emit }`,
  ];
  if (deviceClass !== undefined) {
    lines.push(`rule fast { id 7 ${head}${deviceClass} ${choose} firstn 0 type ${domain} step emit }`);
  }
  return lines;
}

/** For the root, the one bucket whose id and size are known. */
function weightSet(draw: Draw): string[] {
  const weights = (): string => `[ ${(draw(500) / 100).toFixed(2)} ${(draw(500) / 100).toFixed(2)} ]`;
  const name = ['-1', '0', '5'][draw(3)] ?? '0';
  // crushtool reads no sign here; it takes the default set as the number with all bits set.
  const printed = name === '-1' ? '18446744073709551615' : name;
  return [
    `choose_args ${printed} {`,
    ` { bucket_id -1 weight_set [ ${weights()} ${weights()} ] ids [ -${1 + draw(99)} -${1 + draw(99)} ] }`,
    '}',
  ];
}
