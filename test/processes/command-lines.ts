/**
 * Command lines in the order in which they run, and what each says. Every command of the program stands here at least once
 * where it does what it is for, and once where it is refused; the suite fails when one is missing.
 *
 * `$dir` is a directory of the test. There are OSDs 0 and 3 on h1, 1 on h2, 2 on h3, and 4, 5 and 6 on h4, h5 and h6, which
 * never beacon.
 */

export interface CommandLine {
  readonly line: string;
  /** Of stdout, when it succeeds. */
  readonly prints?: RegExp;
  /** Of stderr: a note, when it succeeds. */
  readonly notes?: RegExp;
  /** Of the one line on stderr, without `cairn: `. It ends with 1 then. */
  readonly refused?: RegExp;
  /** It is run once more with `--json`: an object with these names (and others), or an array where there are none. */
  readonly json?: readonly string[];
}

const nothing = /^$/;

const cluster: readonly CommandLine[] = [
  {
    line: 'status',
    prints: /^ {2}cluster:\n {4}id: {6}[0-9a-f]{32}\n {4}health: +HEALTH_[^]* mon: +3 daemons, quorum a,b,c/,
    json: ['fsid', 'health', 'quorum', 'monmap', 'osdmap', 'pgmap', 'stale'],
  },
  { line: '-s', prints: /^ {2}cluster:/ },
  { line: 'status now', refused: /^status takes no arguments, and was given 1; add --help/ },
  { line: 'health', prints: /^HEALTH_(OK|WARN .*)\n$/, json: ['status', 'checks', 'mutes', 'stale'] },
  { line: 'health summary', prints: /^HEALTH_/ },
  { line: 'health sumary', refused: /^health has no command "sumary"; did you mean summary\?$/ },
  { line: 'health detail', prints: /^HEALTH_/, json: ['status', 'checks'] },
  { line: 'health detail --jsn', refused: /^unknown option '--jsn' \(did you mean --json\?\); add --help/ },
  { line: 'health mute OSD_DOWN 4h --sticky', notes: /^muted OSD_DOWN until 20.*, sticky\n$/ },
  { line: 'health mute NOPE', refused: /^NOPE is no health check; `cairn health detail` shows those raised$/ },
  { line: 'health mute OSD_DOWN 1parsec', refused: /^"1parsec" is no duration; write a duration such as/ },
  { line: 'health unmute OSD_DOWN', notes: /^OSD_DOWN counts again\n$/ },
  { line: 'health unmute OSD_DWON', refused: /^OSD_DWON is no health check/ },
  { line: 'versions', prints: /^DAEMON +VERSION +COUNT\nmon +\d.* 3\nosd +\d/, json: ['mon', 'osd', 'overall'] },
  { line: 'versions osd', refused: /^versions takes no arguments/ },
  { line: 'features', prints: /^required 0x0\nDAEMON/, json: ['required', 'daemons'] },
  { line: 'features osd', refused: /^features takes no arguments/ },
  { line: 'fsid', prints: /^[0-9a-f]{32}\n$/, json: ['fsid'] },
  { line: 'fsid a', refused: /^fsid takes no arguments/ },
  { line: 'completion bash', prints: /^# cairn completion for bash/ },
  { line: 'completion tcsh', refused: /^<shell> cannot be "tcsh"; choose one of bash, zsh, fish$/ },
  { line: 'mon stat', prints: /^e\d+: 3 mons at \{a=127.*leader \w, quorum a,b,c\n$/, json: ['leader', 'quorum'] },
  { line: 'mon stat a', refused: /^stat takes no arguments/ },
  {
    line: 'mon dump',
    prints: /\nNAME +MEMBER +ADDRESS[^]*\nc +\d+ +127/,
    json: ['fsid', 'epoch', 'monitors', 'expected'],
  },
  { line: 'mon dump a', refused: /^dump takes no arguments/ },
  { line: 'mon add e --address 10.0.0.4:7000', prints: /^cairn monitor join \w+ --conf /, json: ['token', 'isNew'] },
  { line: 'mon add a', refused: /^mon\.a is a monitor already, at 127/ },
  { line: 'mon rm e --yes', refused: /^mon\.e was added but never joined; `cairn auth rm mon\.e` makes its token/ },
  { line: 'mon rm c', refused: /^without mon\.c 2 of 2 monitors are in quorum.*; add --yes to remove it$/ },
  {
    line: 'monitor init --name z --address 127.0.0.1:9 --directory $dir/z --conf $dir/z.yaml --admin-conf $dir/z-admin.yaml',
    prints: /cairn monitor run --conf .*z\.yaml\n/,
  },
  {
    line: 'monitor init --name z --address 127.0.0.1:9 --directory $dir/z --conf $dir/z.yaml --admin-conf $dir/z-admin.yaml',
    refused: /z\.yaml/,
  },
  {
    line: 'monitor init --name y --address 127.0.0.1:9 --directory $dir/y --conf $dir/y.yaml --admin-conf $dir/y-admin.yaml --json',
    prints: /^\{/,
  },
  { line: 'monitor join x --conf $dir/x.yaml --directory $dir/x --address 127.0.0.1:9', refused: /token/ },
  { line: 'monitor run --conf $dir/nothing.yaml', refused: /nothing\.yaml/ },
  { line: 'osd run --conf $dir/nothing.yaml', refused: /nothing\.yaml/ },
  {
    line: 'osd new --osd 21 --address 127.0.0.1:9 -o $dir/osd.21.yaml',
    prints: /^made osd\.21; on its machine:\n {2}cairn osd mkfs --conf .*osd\.21\.yaml\n {2}cairn osd run --conf/,
  },
  { line: 'osd new --address 127.0.0.1:9 -o $dir/osd.21.yaml', refused: /osd\.21\.yaml exists, and may hold a key/ },
  { line: 'dev --mons 0', refused: /^--mons cannot be "0"|mons/ },
];

const config: readonly CommandLine[] = [
  { line: 'config set global log_level debug', prints: nothing, notes: /^global\/log_level is now debug\n$/ },
  { line: 'config set osd.3 osd_heartbeat_grace 8s --json', prints: /"isChanged": true/ },
  { line: 'config set global log_levl debug', refused: /^there is no option log_levl; did you mean log_level\?/ },
  { line: 'config set osd.3 osd_heartbeat_grace x', refused: /cannot be "x"; give a time from/ },
  { line: 'config get osd.3', prints: /^OPTION +VALUE +FROM +DEFAULT\nlog_level +debug +global /, json: ['options'] },
  { line: 'config get osd.3 osd_heartbeat_grace', prints: /^8s\n$/, notes: /^set for osd\.3\n$/ },
  { line: 'config get nobody', refused: /^nobody is no section; use global, mon,/ },
  { line: 'config ls', prints: /^SECTION +OPTION[^]*\nglobal +log_level +debug +info/, json: ['options'] },
  { line: 'config ls osd', refused: /^ls takes no arguments/ },
  { line: 'config dump', prints: /^WHO +OPTION +VALUE\nglobal +log_level +debug/, json: ['entries'] },
  { line: 'config dump osd', refused: /^dump takes no arguments/ },
  { line: 'config help log_level', prints: /^log_level\n.*\n {2}default: info\n/, json: ['default', 'values'] },
  { line: 'config help nope', refused: /^there is no option nope; see `cairn config ls`$/ },
  { line: 'config rm osd.3 osd_heartbeat_grace', notes: /^osd\.3\/osd_heartbeat_grace is no longer set\n$/ },
  { line: 'config rm osd.3 nope', refused: /^there is no option nope/ },
  {
    line: 'auth add client.ro mon "allow r" -o $dir/ro.yaml',
    prints: nothing,
    notes: /^wrote .*ro\.yaml, for you alone/,
  },
  { line: 'auth add client.none -o $dir/none.yaml', notes: /^wrote / },
  { line: 'auth add client.x mon "allow r" --json', prints: /"key": "[^"]{44}"/ },
  { line: 'auth add client.ro mon "allow rw"', refused: /change them with `cairn auth caps client\.ro/ },
  { line: 'auth ls', prints: /^NAME +SERVICE +CAPABILITY +\nclient\.admin +mon +allow \*/, json: ['entities'] },
  { line: 'auth ls client', refused: /^ls takes no arguments/ },
  {
    line: 'auth get client.ro',
    prints: /^client\.ro\n\tkey: .{44}\n\tcaps: \[mon\] allow r\n$/,
    json: ['key', 'caps'],
  },
  { line: 'auth get client.nope', refused: /^nobody is called client\.nope; (did you mean|see `cairn auth ls`)/ },
  {
    line: 'auth caps client.x mon "allow rw"',
    prints: /\[mon\] allow rw\n/,
    notes: /^changed/,
    json: ['name', 'caps'],
  },
  { line: 'auth caps client.admin mon "allow r"', refused: /^client\.admin is the last client that may administer/ },
  {
    line: 'auth rotate client.x',
    prints: /^client\.x\n\tkey: /,
    notes: /^the old key of client\.x is no longer valid/,
  },
  { line: 'auth rotate client.x --json', prints: /"key"/, notes: /^the old key/ },
  { line: 'auth rotate client.nope', refused: /^nobody is called client\.nope/ },
  { line: 'auth rm client.x', prints: nothing, notes: /^removed client\.x; its key is no longer valid\n$/ },
  { line: 'auth rm mon.e', notes: /^removed mon\.e/ },
  { line: 'auth rm mon.a', refused: /^mon\.a is a monitor of this cluster; remove it with `cairn mon rm a`$/ },
  { line: 'log -n 3', prints: /^20\d\d-.*Z client\.admin \[INF\] /, json: ['records', 'stale'] },
  { line: 'log -n 0', refused: /^--count cannot be "0"; write a whole number from 1 to 10000$/ },
  { line: 'audit -n 3', prints: /^TIME +WHO[^]* CONFLICT +auth\.rm \{"name":"mon\.a"\}/, json: ['records', 'stale'] },
  { line: 'audit --who', refused: /^option '--who <name>' argument missing; add --help/ },
  { line: 'map get -o $dir/map', prints: nothing, notes: /^wrote epoch \d+, \d+ bytes, to .*map\n$/ },
  { line: 'map get -o $dir/gone/map', refused: /gone\/map cannot be written: there is no directory .*gone; make it/ },
  { line: 'map get --epoch 99999 -o $dir/map', refused: /^epoch 99999 is yet to come; the map is at epoch/ },
  { line: 'map dump', prints: /^\{\n {2}"epoch": \d+,\n/, json: ['epoch', 'osds', 'pools', 'crush'] },
  { line: 'map dump --input $dir/map --pgs', prints: /^\{[^]*"pgs": \[/ },
  { line: 'map dump --input $dir/ro.yaml', refused: /ro\.yaml is not the whole of a cluster map/ },
];

/** At the end, as the next leader knows nothing of the use of OSDs until they beacon. */
export const lastLines: readonly CommandLine[] = [
  { line: 'mon transfer b', notes: /^mon\.b (already )?leads\n$/ },
  { line: 'mon transfer z', refused: /^there is no monitor mon\.z; (the monitors are a, b, c|did you mean)/ },
];

export const clusterLines = [...cluster, ...config];
