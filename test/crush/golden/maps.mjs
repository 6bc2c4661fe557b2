// The maps of the golden tests, as text for `crushtool -c`, and what is asked of each. See README.md.

const profiles = {
  argonaut: { tries: 19, localTries: 2, fallbackTries: 5, descendOnce: 0, varyR: 0, stable: 0, strawCalc: 0, algs: 22 },
  bobtail: { tries: 50, localTries: 0, fallbackTries: 0, descendOnce: 1, varyR: 0, stable: 0, strawCalc: 0, algs: 22 },
  firefly: { tries: 50, localTries: 0, fallbackTries: 0, descendOnce: 1, varyR: 1, stable: 0, strawCalc: 0, algs: 22 },
  hammer: { tries: 50, localTries: 0, fallbackTries: 0, descendOnce: 1, varyR: 1, stable: 0, strawCalc: 1, algs: 54 },
  jewel: { tries: 50, localTries: 0, fallbackTries: 0, descendOnce: 1, varyR: 1, stable: 1, strawCalc: 1, algs: 54 },
};

const typeNames = ['osd', 'host', 'chassis', 'rack', 'room', 'datacenter', 'root'];

/** A map as `{ tunables, devices, buckets, rules, chooseArgs }`; children come before their parents. */
function hierarchy({ levels, algorithm = 'straw2', weight = () => 1, deviceClass = () => undefined, id = (n) => n }) {
  const devices = [];
  const buckets = [];
  const names = {};
  const build = (depth) => {
    const [type, count] = levels[depth];
    const items = [];
    let total = 0;
    for (let i = 0; i < count; i++) {
      if (depth + 1 === levels.length) {
        const n = devices.length;
        const itemWeight = weight(n);
        devices.push({ id: id(n), name: `osd.${id(n)}`, deviceClass: deviceClass(n) });
        items.push({ name: `osd.${id(n)}`, weight: itemWeight });
        total += itemWeight;
      } else {
        const child = build(depth + 1);
        items.push({ name: child.name, weight: child.total });
        total += child.total;
      }
    }
    names[type] = (names[type] ?? -1) + 1;
    const name = type === 'root' ? 'default' : `${type}${names[type]}`;
    const chosen = typeof algorithm === 'string' ? algorithm : algorithm[type];
    buckets.push({ type, name, algorithm: chosen, items, id: -1 - buckets.length });
    return { name, total };
  };
  build(0);
  return { devices, buckets };
}

function mapText({ tunables = profiles.jewel, devices, buckets, rules, chooseArgs = [] }) {
  const t = tunables;
  const lines = [
    `tunable choose_local_tries ${t.localTries}`,
    `tunable choose_local_fallback_tries ${t.fallbackTries}`,
    `tunable choose_total_tries ${t.tries}`,
    `tunable chooseleaf_descend_once ${t.descendOnce}`,
    `tunable chooseleaf_vary_r ${t.varyR}`,
    `tunable chooseleaf_stable ${t.stable}`,
    `tunable straw_calc_version ${t.strawCalc}`,
    `tunable allowed_bucket_algs ${t.algs}`,
  ];
  for (const d of devices) lines.push(`device ${d.id} ${d.name}${d.deviceClass ? ` class ${d.deviceClass}` : ''}`);
  typeNames.forEach((name, number) => lines.push(`type ${number} ${name}`));
  for (const b of buckets) {
    lines.push(`${b.type} ${b.name} {`, `  id ${b.id}`, `  alg ${b.algorithm}`, '  hash 0');
    for (const item of b.items) lines.push(`  item ${item.name} weight ${item.weight.toFixed(3)}`);
    lines.push('}');
  }
  rules.forEach((steps, number) => {
    lines.push(`rule rule${number} {`, `  id ${number}`, '  type replicated', '  min_size 1', '  max_size 10');
    for (const step of steps) lines.push(`  step ${step}`);
    lines.push('}');
  });
  if (chooseArgs.length > 0) {
    lines.push('choose_args 0 {');
    for (const args of chooseArgs) {
      lines.push('  {', `    bucket_id ${args.bucket}`);
      if (args.weightSet) lines.push('    weight_set [', ...args.weightSet.map(listText), '    ]');
      if (args.ids) lines.push(`    ids [ ${args.ids.join(' ')} ]`);
      lines.push('  }');
    }
    lines.push('}');
  }
  return `${lines.join('\n')}\n`;
}

function listText(weights) {
  return `      [ ${weights.map((weight) => weight.toFixed(3)).join(' ')} ]`;
}

/** Numbers in [0, 1) that never change. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const spread = (seed, most) => {
  const random = seeded(seed);
  return () => Math.round(random() ** 2 * most * 1000) / 1000 + 0.001;
};

const leaf = (mode, type, count = 0) => ['take default', `chooseleaf ${mode} ${count} type ${type}`, 'emit'];
const choose = (mode, type, count = 0) => ['take default', `choose ${mode} ${count} type ${type}`, 'emit'];
const flat = (count) => [['root', count]];
const hosts = (count, perHost) => [
  ['root', count],
  ['host', perHost],
];
const racks = (count, hostsPerRack, perHost) => [
  ['root', count],
  ['rack', hostsPerRack],
  ['host', perHost],
];
const deep = [
  ['root', 2],
  ['datacenter', 2],
  ['room', 2],
  ['rack', 2],
  ['chassis', 2],
  ['host', 3],
];
const algorithms = ['uniform', 'list', 'tree', 'straw', 'straw2'];
const bothModes = [leaf('firstn', 'host'), leaf('indep', 'host')];
/** Some devices that refuse a part of their inputs, or all. */
const reweighted = { 0: 0.5, 3: 0, 4: 0.25, 7: 0.9, 10: 0.01, 11: 0, 13: 0.75, 20: 0.3333 };

/** `cases` are `[rule, replicas, device weights (default none), first input (default 0)]`. */
const maps = [];
const add = (name, map, cases) => maps.push({ name, text: mapText(map), cases });

for (const algorithm of algorithms) {
  const weight = algorithm === 'uniform' ? () => 1.5 : spread(7, 8);
  add(
    `flat-${algorithm}`,
    { ...hierarchy({ levels: flat(13), algorithm, weight }), rules: [choose('firstn', 'osd'), choose('indep', 'osd')] },
    [
      [0, 3],
      [1, 5],
      [0, 4, reweighted],
    ],
  );
  add(
    `hosts-${algorithm}`,
    { ...hierarchy({ levels: hosts(8, 4), algorithm, weight }), rules: bothModes },
    [
      [0, 3],
      [1, 6],
      [0, 3, reweighted],
      [1, 4, reweighted],
    ],
  );
  add(
    `argonaut-${algorithm}`,
    { tunables: profiles.argonaut, ...hierarchy({ levels: racks(3, 3, 4), algorithm, weight }), rules: bothModes },
    [
      [0, 4],
      [0, 7, reweighted],
      [1, 5, reweighted],
    ],
  );
}

for (const [name, tunables] of Object.entries(profiles)) {
  for (const algorithm of ['straw', 'straw2']) {
    const map = hierarchy({ levels: racks(4, 3, 4), algorithm, weight: spread(11, 12) });
    const rules = [leaf('firstn', 'host'), leaf('indep', 'rack'), choose('firstn', 'osd')];
    add(`profile-${name}-${algorithm}`, { tunables, ...map, rules }, [
      [0, 3, reweighted],
      [1, 4, reweighted],
      [2, 6, reweighted],
    ]);
  }
}

const oddTunables = {
  'local-tries': { ...profiles.jewel, localTries: 4 },
  'fallback-tries': { ...profiles.jewel, fallbackTries: 3 },
  'local-and-fallback': { ...profiles.hammer, localTries: 1, fallbackTries: 8 },
  'descend-often': { ...profiles.jewel, descendOnce: 0, tries: 12 },
  'descend-often-unstable': { ...profiles.hammer, descendOnce: 0, tries: 7 },
  'vary-r-0-stable': { ...profiles.jewel, varyR: 0 },
  'vary-r-3': { ...profiles.hammer, varyR: 3 },
  'vary-r-4-stable': { ...profiles.jewel, varyR: 4 },
  'one-try': { ...profiles.jewel, tries: 0 },
  'few-tries': { ...profiles.firefly, tries: 3 },
};
for (const [name, tunables] of Object.entries(oddTunables)) {
  const map = hierarchy({ levels: hosts(6, 4), weight: spread(3, 4) });
  add(`odd-${name}`, { tunables, ...map, rules: bothModes }, [
    [0, 4],
    [0, 6, reweighted],
    [1, 6, reweighted],
  ]);
}

add('deep', { ...hierarchy({ levels: deep, weight: spread(5, 9) }), rules: ['rack', 'room', 'chassis', 'host'].map((type) => leaf('firstn', type)) }, [
  [0, 3],
  [1, 4],
  [2, 8],
  [3, 3, reweighted, 1_000_000_000],
]);
add('deep-indep', { ...hierarchy({ levels: deep, weight: spread(6, 9) }), rules: ['room', 'rack', 'host'].map((type) => leaf('indep', type)) }, [
  [0, 4],
  [1, 8],
  [2, 10, reweighted],
]);
add('mixed-algorithms', {
  ...hierarchy({ levels: racks(5, 5, 6), algorithm: { root: 'straw2', rack: 'tree', host: 'list' }, weight: spread(8, 3) }),
  rules: [leaf('firstn', 'rack'), leaf('indep', 'host')],
}, [
  [0, 3],
  [1, 6, reweighted],
]);
add('mixed-uniform', {
  ...hierarchy({ levels: racks(6, 4, 6), algorithm: { root: 'list', rack: 'straw', host: 'uniform' }, weight: () => 2 }),
  rules: [leaf('firstn', 'rack'), leaf('indep', 'host')],
}, [
  [0, 3],
  [1, 6, reweighted],
]);
add('weights-from-tiny-to-large', { ...hierarchy({ levels: hosts(12, 6), weight: (n) => [0.001, 0.1, 1, 7.277, 21.8, 99.9][(n * 7) % 6] }), rules: bothModes }, [
  [0, 3],
  [1, 8],
]);
add('weights-zero', { ...hierarchy({ levels: hosts(7, 4), weight: (n) => (n % 3 === 0 || (n >= 8 && n < 12) ? 0 : 1.25) }), rules: bothModes }, [
  [0, 3],
  [0, 7],
  [1, 7],
]);
add('weights-zero-straw', { ...hierarchy({ levels: hosts(7, 5), algorithm: 'straw', weight: (n) => [0, 1, 2, 2, 0.5][(n * 3) % 5] }), rules: bothModes }, [
  [0, 3],
  [1, 7],
]);
add('weights-zero-straw-calc-0', { tunables: profiles.firefly, ...hierarchy({ levels: hosts(7, 5), algorithm: 'straw', weight: (n) => [0, 1, 2, 2, 0.5][(n * 3) % 5] }), rules: bothModes }, [
  [0, 3],
  [1, 7],
]);
add('weights-all-zero', { ...hierarchy({ levels: hosts(4, 4), weight: () => 0 }), rules: bothModes }, [
  [0, 3],
  [1, 4],
]);
add('weights-equal-and-large', { ...hierarchy({ levels: racks(3, 5, 40), weight: () => 80 }), rules: bothModes }, [
  [0, 3],
  [1, 9],
]);

const twoClasses = (n) => (n % 4 === 0 ? 'ssd' : 'hdd');
add('classes', {
  ...hierarchy({ levels: hosts(6, 8), weight: spread(9, 5), deviceClass: twoClasses }),
  rules: [
    ['take default class ssd', 'chooseleaf firstn 0 type host', 'emit'],
    ['take default class hdd', 'chooseleaf indep 0 type host', 'emit'],
    ['take default class ssd', 'chooseleaf firstn 1 type host', 'emit', 'take default class hdd', 'chooseleaf firstn -1 type host', 'emit'],
    leaf('firstn', 'host'),
  ],
}, [
  [0, 3],
  [1, 6],
  [2, 4, reweighted],
  [3, 3],
]);
add('classes-uneven', {
  ...hierarchy({ levels: racks(3, 3, 5), weight: spread(10, 5), deviceClass: (n) => ['hdd', 'hdd', 'ssd', undefined, n % 2 ? 'nvme' : 'hdd'][n % 5] }),
  rules: ['hdd', 'ssd', 'nvme'].map((name) => [`take default class ${name}`, 'chooseleaf firstn 0 type rack', 'emit']),
}, [
  [0, 3],
  [1, 3],
  [2, 4],
]);

const argsMap = () => hierarchy({ levels: hosts(5, 4), weight: spread(12, 5) });
const weightsFor = (seed, count) => Array.from({ length: count }, spread(seed, 6));
const argsRules = [...bothModes, choose('firstn', 'osd')];
const argsCases = [
  [0, 3],
  [1, 5],
  [2, 4, reweighted],
];
const bucketIds = [-1, -2, -3, -4, -5];
add('choose-args-one-position', {
  ...argsMap(),
  rules: argsRules,
  chooseArgs: [...bucketIds.map((bucket) => ({ bucket, weightSet: [weightsFor(20 - bucket, 4)] })), { bucket: -6, weightSet: [weightsFor(30, 5)] }],
}, argsCases);
add('choose-args-positions', {
  ...argsMap(),
  rules: argsRules,
  chooseArgs: [-2, -4, -6].map((bucket) => ({ bucket, weightSet: [1, 2, 3].map((n) => weightsFor(40 * n - bucket, bucket === -6 ? 5 : 4)) })),
}, argsCases);
add('choose-args-ids', {
  ...argsMap(),
  rules: argsRules,
  chooseArgs: [
    { bucket: -1, ids: [100, 101, 102, 103] },
    { bucket: -3, weightSet: [weightsFor(51, 4), [0, 0, 0, 1]], ids: [7, -7, 77, -77] },
    { bucket: -6, ids: [-20, -21, -22, -23, -24] },
  ],
}, argsCases);
add('choose-args-classes', {
  ...hierarchy({ levels: hosts(5, 4), weight: spread(13, 4), deviceClass: twoClasses }),
  rules: [['take default class hdd', 'chooseleaf firstn 0 type host', 'emit'], leaf('indep', 'host')],
  chooseArgs: [{ bucket: -6, weightSet: [weightsFor(61, 5), weightsFor(62, 5)] }],
}, [
  [0, 3],
  [1, 4],
]);

add('holes', { ...hierarchy({ levels: hosts(4, 3) }), rules: [leaf('indep', 'host'), choose('indep', 'osd'), leaf('firstn', 'host')] }, [
  [0, 6],
  [1, 14],
  [2, 6],
  [0, 4, { 0: 0, 1: 0, 2: 0, 5: 0.1 }],
]);
add('uniform-indep', { ...hierarchy({ levels: racks(6, 4, 6), algorithm: 'uniform' }), rules: [leaf('indep', 'rack'), leaf('indep', 'host'), choose('indep', 'osd'), leaf('firstn', 'osd')] }, [
  [0, 3],
  [0, 6],
  [1, 4, reweighted],
  [2, 12, reweighted],
  [3, 5, reweighted],
]);
add('uniform-argonaut', { tunables: profiles.argonaut, ...hierarchy({ levels: hosts(3, 10), algorithm: 'uniform' }), rules: [leaf('firstn', 'host'), choose('firstn', 'osd')] }, [
  [0, 5, reweighted],
  [1, 12, reweighted],
]);
add('long-list-and-tree', { ...hierarchy({ levels: hosts(33, 40), algorithm: { root: 'tree', host: 'list' }, weight: spread(14, 3) }), rules: bothModes }, [
  [0, 3],
  [1, 6],
]);
add('multi-step', {
  ...hierarchy({ levels: racks(4, 4, 3), weight: spread(15, 4) }),
  rules: [
    ['take default', 'choose firstn 2 type rack', 'chooseleaf firstn 2 type host', 'emit'],
    ['take default', 'choose indep 3 type rack', 'choose indep 2 type host', 'choose indep 1 type osd', 'emit'],
    ['take default', 'choose firstn 0 type rack', 'choose firstn 1 type osd', 'emit'],
    ['take default', 'chooseleaf firstn -2 type rack', 'emit'],
    ['take rack0', 'chooseleaf firstn 1 type host', 'emit', 'take rack2', 'chooseleaf indep 2 type host', 'emit', 'take host0', 'choose firstn 0 type osd', 'emit'],
    ['take default', 'choose indep 4 type rack', 'chooseleaf indep 2 type host', 'emit'],
      ['take default', 'chooseleaf firstn 2 type rack', 'emit', 'emit', 'choose firstn 1 type osd', 'emit'],
  ],
}, [
  [0, 4],
  [1, 6],
  [2, 4],
  [3, 5, reweighted],
  [4, 6],
  [5, 6, reweighted],
    [6, 6],
]);
add('set-steps', {
  tunables: { ...profiles.hammer, tries: 6 },
  ...hierarchy({ levels: hosts(5, 4), weight: spread(16, 4) }),
  rules: [
    ['set_choose_tries 100', ...leaf('firstn', 'host')],
    ['set_chooseleaf_tries 5', 'set_choose_tries 100', ...leaf('indep', 'host')],
    ['set_choose_local_tries 3', ...leaf('firstn', 'host')],
    ['set_choose_local_fallback_tries 4', ...leaf('firstn', 'host')],
    ['set_chooseleaf_vary_r 0', ...leaf('firstn', 'host')],
    ['set_chooseleaf_vary_r 2', 'set_chooseleaf_tries 3', ...leaf('firstn', 'host')],
    ['set_chooseleaf_stable 1', ...leaf('firstn', 'host')],
    ['take default', 'set_choose_tries 1', 'choose firstn 3 type host', 'set_choose_tries 50', 'choose firstn 1 type osd', 'emit'],
  ],
}, Array.from({ length: 8 }, (_, rule) => [rule, 5, reweighted]));
add('sparse-ids', (() => {
  const map = hierarchy({ levels: hosts(5, 3), weight: spread(17, 4), id: (n) => n * 7 + 2 });
  return { ...map, buckets: map.buckets.map((bucket) => ({ ...bucket, id: bucket.id * 11 - 3 })), rules: bothModes };
})(), [
  [0, 3],
  [1, 5, { 2: 0.5, 9: 0 }],
]);
add('empty-buckets', (() => {
  const map = hierarchy({ levels: hosts(4, 3) });
  const [root] = map.buckets.slice(-1);
  const empty = { type: 'host', name: 'empty', algorithm: 'straw2', items: [], id: -50 };
  root.items.push({ name: 'empty', weight: 3 });
  return { ...map, buckets: [empty, ...map.buckets], rules: bothModes };
})(), [
  [0, 3],
  [1, 5],
]);
add('wrong-types', (() => {
  const map = hierarchy({ levels: hosts(4, 3) });
  const [root] = map.buckets.slice(-1);
  map.devices.push({ id: 12, name: 'osd.12' }, { id: 30, name: 'osd.30' });
  root.items.push({ name: 'osd.12', weight: 2 });
  return { ...map, rules: [...bothModes, leaf('firstn', 'rack'), leaf('indep', 'rack'), ['take osd.30', 'emit', ...leaf('firstn', 'host')], ['take osd.1', 'choose firstn 0 type osd', 'emit', ...leaf('firstn', 'osd')]] };
})(), [
  [0, 4],
  [1, 4],
  [2, 3],
  [3, 3],
  [4, 4],
  [5, 4, reweighted],
]);
add('one-device', { ...hierarchy({ levels: hosts(1, 1) }), rules: bothModes }, [
  [0, 3],
  [1, 3],
  [0, 1, { 0: 0.5 }],
]);
add('thousand-devices', { ...hierarchy({ levels: racks(10, 10, 10) }), rules: [leaf('firstn', 'host'), leaf('firstn', 'rack'), leaf('indep', 'rack')] }, [
  [0, 3],
  [1, 3],
  [2, 9],
]);

export { maps };
