/** Command lines about where data is: pools, PGs, OSDs, CRUSH. See command-lines.ts. */
import type { CommandLine } from './command-lines.js';

/** While no PG is on any of them. */
const empty: readonly CommandLine[] = [
  {
    line: 'osd ok-to-stop 0 1',
    prints: /^osd\.0, osd\.1 can stop: 0 PGs on them and all serve on/,
    json: ['ok', 'osds', 'reasons'],
  },
  { line: 'osd ok-to-stop 99', refused: /^there is no osd\.99; `cairn osd ls` lists those there are$/ },
  { line: 'osd safe-to-destroy 6', prints: /^osd\.6 can be destroyed: no PG has/, json: ['ok', 'num_not_ok_pgs'] },
  { line: 'osd safe-to-destroy all', refused: /^"all" is no OSD; write osd\.3 or 3$/ },
  { line: 'osd drain 1', prints: /^marked out osd\.1\n$/, json: ['changed', 'messages'] },
  { line: 'osd tree drained', prints: / osd\.1 +up +0 +drained *\n/ },
  { line: 'osd drain 99', refused: /^there is no osd\.99/ },
  { line: 'osd undrain 1', prints: /^marked in osd\.1\n$/, json: ['changed', 'messages'] },
  { line: 'osd undrain x', refused: /^"x" is no OSD/ },
];

const pools: readonly CommandLine[] = [
  { line: 'pool create data --pg-num 8 --application s3', prints: /^pool data created: 8 PGs, 3 copies\n$/ },
  {
    line: 'pool create logs --pg-num 8 --async --ack-copies 1 --max-lag 5s/64MiB --application s3 --json',
    prints: /"id": 2,/,
  },
  { line: 'pool create data --pg-num 16', refused: /^pool data is there already, with pg_num 8; `cairn pool set`/ },
  { line: 'pool create x --max-lag 5s', refused: /^--ack-copies and --max-lag are for async pools; add --async$/ },
  { line: 'pool create "a b"', refused: /^pool "a b" needs a name of up to 128 letters/ },
  { line: 'pool ls', prints: /^data\nlogs\n$/, json: [] },
  { line: 'pool ls detail', prints: /^ID +NAME[^]*\n 2 +logs +3 +2 +8 .*async 1 5s\/64MiB.* s3 +- +\n$/, json: [] },
  { line: 'pool ls detal', refused: /^<detail> cannot be "detal"; choose one of detail$/ },
  { line: 'pool get data', prints: /^size: 3\nmin_size: 2\npg_num: 8\n/, json: ['pool_name', 'size', 'min_size'] },
  { line: 'pool get nope', refused: /^no pool is called nope; `cairn pool ls` lists them$/ },
  { line: 'pool set data quota_bytes 10TiB', prints: /^pool data has quota_bytes 10TiB\n$/, json: ['messages'] },
  { line: 'pool set data size 1', refused: /there is no second copy.*; add --yes if you mean it$/ },
  { line: 'pool set data bogus 1', refused: /^pools have no setting "bogus"; choose one of size,/ },
  { line: 'pool rename logs trail', prints: /^pool logs renamed to trail\n$/ },
  { line: 'pool rename trail logs --json', prints: /"changed"/ },
  { line: 'pool rename data logs', refused: /^a pool is called logs already; choose another name$/ },
  { line: 'pool stats', prints: /^ID +NAME +PGS[^]*\n 1 +data +8 +0 +0 B +0 +0 +8 active/, json: [] },
  { line: 'pool stats nope', refused: /^no pool is called nope; choose one of data, logs$/ },
  { line: 'pool create old --pg-num 8 --application s3', prints: /^pool old created/ },
  { line: 'pool rm old', refused: /^pool old would go for ever: all objects in 8 PGs.*; add --yes if you mean it$/ },
  { line: 'pool rm old --yes', prints: /^pool old removed: all objects in 8 PGs/, json: ['messages'] },
];

const pgs: readonly CommandLine[] = [
  { line: 'pg stat', prints: /^16 pgs: 16 active\n$/, json: ['num_pgs', 'states', 'stale'] },
  { line: 'pg stat 1.0', refused: /^stat takes no arguments/ },
  { line: 'pg ls --pool data', prints: /^PG +STATE[^]*\n1\.7 +active +1 +\[\d,\d,\d\]/, json: ['pg_stats'] },
  { line: 'pg ls --osd 99', refused: /^there is no osd\.99; `cairn osd ls` lists those there are$/ },
  { line: 'pg ls --state odd', refused: /^no PG is ever odd; states are made of creating, active,/ },
  {
    line: 'pg map 1.0',
    prints: /^osdmap e\d+ pg 1\.0 -> up \[\d,\d,\d\] acting \[\d,\d,\d\]\n$/,
    json: ['up', 'acting'],
  },
  { line: 'pg map 1.8', refused: /^pool data has no pg 1\.8; its last one is 1\.7$/ },
  {
    line: 'pg dump --pool data',
    prints: /^PG +OBJECTS[^]*\n1\.7 +0 +0 +0 +0 B +- +- +- +- +active /,
    json: ['pg_stats'],
  },
  { line: 'pg dump --pool nope', refused: /^no pool is called nope/ },
  { line: 'pg scrub 1.8', refused: /^pool data has no pg 1\.8/ },
  { line: 'pg deep-scrub 1.8', refused: /^pool data has no pg 1\.8/ },
  { line: 'pg repair 1.8', refused: /^pool data has no pg 1\.8/ },
  { line: 'pg scrub-report 1.8', refused: /^pool data has no pg 1\.8/ },
  { line: 'pg query 1.8', refused: /^pool data has no pg 1\.8; its last one is 1\.7$/ },
  {
    line: 'df',
    prints: /^--- RAW STORAGE ---\nCLASS [^]*\nTOTAL [^]*\ndata +1 +8 +0 B +0 +0 B +0\.00 /,
    json: ['stats', 'stats_by_class', 'pools'],
  },
  { line: 'df data', refused: /^df takes no arguments/ },
  { line: 'pg force 1.0 0 --yes', refused: /^pg 1\.0 may still have all its data on .*`cairn osd lost \d`$/ },
];

const osds: readonly CommandLine[] = [
  { line: 'osd tree', prints: /^ID +CLASS[^]* root default[^]* host h1 [^]* osd\.0 +up +1\.00000\n/, json: ['nodes'] },
  { line: 'osd tree up in', prints: / osd\.0 / },
  { line: 'osd tree sideways', refused: /^"sideways" is no state; choose among up, down, in, out, draining, drained$/ },
  {
    line: 'osd df',
    prints: /^ID +CLASS[^]*\n 0 +ssd +1\.00000 +1\.00000 +1\.0 TiB +128 GiB/,
    json: ['nodes', 'summary'],
  },
  { line: 'osd df tree', prints: /TYPE NAME[^]*TOTAL/ },
  { line: 'osd df wood', refused: /^<form> cannot be "wood"; choose one of/ },
  { line: 'osd ls', prints: /^0\n1\n2\n3\n4\n5\n6\n$/, json: [] },
  { line: 'osd ls 1', refused: /^ls takes no arguments/ },
  { line: 'osd stat', prints: /^7 osds: \d up, 7 in; epoch: e\d+\n$/, json: ['num_osds', 'num_up_osds', 'stale'] },
  { line: 'osd stat 1', refused: /^stat takes no arguments/ },
  {
    line: 'osd find 1',
    prints: /^osd: osd\.1, up\n[^]*crush location: host=h2 root=default\n$/,
    json: ['osd', 'host'],
  },
  { line: 'osd find 99', refused: /^there is no osd\.99; `cairn osd ls` lists those there are$/ },
  { line: 'osd dump', prints: /^epoch \d+\nfsid [^]*\nosd\.0 up +in +weight 1 /, json: ['epoch', 'osds'] },
  { line: 'osd dump 1', refused: /^dump takes no arguments/ },
  { line: 'osd out 1', prints: /^marked out osd\.1\n$/, json: ['changed', 'messages'] },
  { line: 'osd out 99', refused: /^there is no osd\.99/ },
  { line: 'osd in 1', prints: /^marked in osd\.1\n$/, json: ['changed', 'messages'] },
  { line: 'osd in 1 all', refused: /^"all" stands alone; leave the other OSDs out$/ },
  { line: 'osd down 5 6', prints: /^marked down osd\.5 and osd\.6/, json: ['changed'] },
  { line: 'osd down x', refused: /^"x" is no OSD; write osd\.3 or 3$/ },
  { line: 'osd reweight 1 0.5', prints: /^osd\.1 has a reweight of 0\.50000, 1\.00000 before\n$/, json: ['changed'] },
  { line: 'osd reweight 1 1.5', refused: /^"1\.5" is no weight; write a number from 0 to 1$/ },
  { line: 'osd reweight 1 1', prints: /^osd\.1 has a reweight of 1\.00000/ },
  { line: 'osd crush-reweight 3 0.5', prints: /^osd\.3 weighs 0\.500, 1\.000 before: \d+ of 16 PG/, json: ['changed'] },
  { line: 'osd crush-reweight h1 1', refused: /^h1 is a bucket and weighs what stands in it; reweight its OSDs$/ },
  { line: 'osd set noout', prints: /^noout is set: /, json: ['messages'] },
  { line: 'osd set pause', refused: /^pause stops all I\/O of clients on 2 pools; add --yes if you mean it$/ },
  { line: 'osd unset noout', prints: /^noout is unset\n$/, json: ['messages'] },
  { line: 'osd unset nout', refused: /^<flag> cannot be "nout"; choose one of noup,/ },
  { line: 'osd upmap $upmap', prints: /^pg 1\.0 is placed with osd\.\d -> osd\.\d\n$/, json: ['messages'] },
  { line: 'osd upmap 1.0 1 99', refused: /^there is no osd\.99/ },
  { line: 'osd rm-upmap 1.0', prints: /^pg 1\.0 is placed as CRUSH chooses\n$/, json: ['messages'] },
  { line: 'osd rm-upmap 9.0', refused: /^there is no pool 9; `cairn pool ls` lists them$/ },
];

const crush: readonly CommandLine[] = [
  { line: 'crush show', prints: /^ID +CLASS +WEIGHT +TYPE NAME/, json: ['nodes'] },
  { line: 'crush show h1', refused: /^show takes no arguments/ },
  { line: 'crush dump', prints: /^\{\n {2}"devices"/, json: ['devices', 'types', 'buckets', 'rules', 'tunables'] },
  { line: 'crush dump h1', refused: /^dump takes no arguments/ },
  { line: 'crush get', prints: /^# begin crush map\n/ },
  { line: 'crush get -o $dir/crushmap', prints: /^$/ },
  { line: 'crush get -o $dir', refused: /is a directory; name a file$/ },
  { line: 'crush set $dir/crushmap', prints: /^the cluster has this CRUSH map already\n$/, json: ['messages'] },
  { line: 'crush set $dir/ro.yaml', refused: /ro\.yaml: line \d+, column \d+: / },
  { line: 'crush decompile $dir/crushmap -o $dir/crush.txt', prints: /^$/ },
  { line: 'crush decompile $dir/nothing', refused: /nothing: no such file or directory; check the path$/ },
  { line: 'crush compile $dir/crush.txt -o $dir/crushmap2', prints: /^$/ },
  { line: 'crush compile $dir/ro.yaml', refused: /ro\.yaml: line/ },
  {
    line: 'crush test --map $dir/crush.txt --rule 0 --num-rep 3 --min-x 0 --max-x 1 --show-mappings',
    prints: /^CRUSH rule 0 x 0 \[\d,\d,\d\]\nCRUSH rule 0 x 1 \[/,
  },
  { line: 'crush test --map $dir/crush.txt --rule nope --num-rep 3', refused: /^no rule is called nope/ },
  { line: 'crush tree $dir/crushmap', prints: / root default/, json: ['nodes'] },
  { line: 'crush tree $dir/ro.yaml', refused: /ro\.yaml: line/ },
  {
    line: 'crush diff --before $dir/crushmap --after $dir/crush.txt --rule 0 --num-rep 3',
    prints: /0/,
    json: ['moved'],
  },
  { line: 'crush diff --before $dir/crushmap', refused: /^required option '--after <file>' not specified; add --help/ },
  {
    line: 'crush add-bucket r1 rack root=default',
    prints: /^added rack r1 in root=default: 0 of 16/,
    json: ['changed'],
  },
  { line: 'crush add-bucket r2 shelf', refused: /^the map has no type shelf; choose one of host,/ },
  { line: 'crush move h4 rack=r1', prints: /^moved h4 to rack=r1: /, json: ['changed'] },
  { line: 'crush move nope root=default', refused: /^no bucket is called nope; `cairn crush tree` lists them$/ },
  { line: 'crush rename r1 shelf-1', prints: /^renamed r1 to shelf-1: 0 of 16/, json: ['changed'] },
  { line: 'crush rename shelf-1 h1', refused: /^a device or bucket is called h1 already; choose another name$/ },
  { line: 'crush add-bucket spare host', prints: /^added host spare as a root of its own/ },
  { line: 'crush rm spare', prints: /^removed bucket spare: 0 of 16/, json: ['messages'] },
  { line: 'crush rm h1', refused: /^bucket h1 holds 2 items; move or remove them first$/ },
  { line: 'crush reweight osd.3 1', prints: /^osd\.3 weighs 1\.000, 0\.500 before: /, json: ['changed'] },
  { line: 'crush reweight osd.3 heavy', refused: /^"heavy" is no weight; write a number from 0 to 100$/ },
  {
    line: 'crush add osd.3 1 host=h1',
    prints: /^osd\.3 stands in host=h1 already, and weighs 1\.000\n$/,
    json: ['messages'],
  },
  {
    line: 'crush add osd.3 1 host=h2',
    refused: /^osd\.3 stands in host=h1 already; `cairn crush move osd\.3 host=h2`/,
  },
  {
    line: 'crush create-or-move osd.3 1 host=h1',
    prints: /^osd\.3 stands in host=h1 already\n$/,
    json: ['messages'],
  },
  { line: 'crush create-or-move osd.99 1 host=h1', refused: /^there is no osd\.99: / },
  { line: 'crush class ls', prints: /^ssd\nhdd\n$/, json: [] },
  { line: 'crush class ls ssd', refused: /^ls takes no arguments/ },
  { line: 'crush class ls-osd ssd', prints: /^osd\.0\n$/, json: [] },
  { line: 'crush class ls-osd nvme', refused: /^no device class is called nvme; there are ssd, hdd$/ },
  { line: 'crush set-device-class nvme 2', prints: /^osd\.2 is of class nvme: 0 of 16/, json: ['changed'] },
  { line: 'crush set-device-class ssd 2', refused: /^osd\.2 is of class nvme; remove that class from it first$/ },
  { line: 'crush rm-device-class 2', prints: /^osd\.2 has no class: 0 of 16/, json: ['changed'] },
  { line: 'crush rm-device-class 99', refused: /^no device is called osd\.99; `cairn crush tree` lists them$/ },
  {
    line: 'crush rule create-replicated fast default host ssd',
    prints: /^made rule fast: ssd devices/,
    json: ['changed'],
  },
  { line: 'crush rule create-replicated f nope host', refused: /^no bucket is called nope/ },
  { line: 'crush rule ls', prints: /^replicated_rule\nfast\n$/, json: [] },
  { line: 'crush rule ls fast', refused: /^ls takes no arguments/ },
  { line: 'crush rule dump', prints: /^rule replicated_rule \{\n/ },
  { line: 'crush rule dump fast', prints: /^rule fast \{\n/, json: ['rule_id', 'steps'] },
  {
    line: 'crush rule dump nope',
    refused: /^no rule is called nope; choose one of replicated_rule \(0\), fast \(1\)$/,
  },
  { line: 'crush rule rename fast on-ssd', prints: /^renamed rule fast to on-ssd/, json: ['messages'] },
  { line: 'crush rule rename nope x', refused: /^no rule is called nope; there are replicated_rule, on-ssd$/ },
  { line: 'crush rule rm on-ssd', prints: /^removed rule on-ssd/, json: ['messages'] },
  { line: 'crush rule rm replicated_rule', refused: /^rule replicated_rule places the pools data, logs; / },
];

/** Their OSDs serve nothing: test/cli/object.test.ts has commands that need some which do. */
const objects: readonly CommandLine[] = [
  {
    line: 'object locate a --pool data',
    prints:
      /^object +"?a"? in pool data \(1\)[^]*\npg +1\.[0-7], [^]* chooseleaf firstn 0 type host +h\d > osd\.\d[^]*\nup +\[/,
    json: ['hash', 'pg', 'steps', 'up', 'acting'],
  },
  { line: 'object locate a --pool nope', refused: /^there is no pool nope; see `cairn pool ls`$/ },
  { line: 'object put a $dir/nothing --pool data', refused: /nothing/ },
  { line: 'object get a $dir/a --pool nope', refused: /^there is no pool nope; see `cairn pool ls`$/ },
  { line: 'object rm a --pool nope', refused: /^there is no pool nope/ },
  { line: 'object ls --pool nope', refused: /^there is no pool nope/ },
  { line: 'object stat a --pool nope', refused: /^there is no pool nope/ },
  { line: 'object bench write --pool data --in-flight 0', refused: /^--in-flight cannot be 0; write 1 to 256$/ },
];

/** Of the disks of OSDs that do not run. $dir/pg-store holds an object in PG 1.0. */
const stores: readonly CommandLine[] = [
  {
    line: 'osd mkfs --dir $dir/store --osd 7 --size 64MiB --segment-size 1MiB',
    prints: /^made store [0-9a-f-]{36} of 64 MiB for osd\.7\n$/,
  },
  { line: 'osd mkfs --dir $dir/store-2 --osd 8 --size 64MiB --segment-size 1MiB --json', prints: /^\{\n/ },
  { line: 'osd mkfs --dir $dir/store --osd 7', refused: /store holds a store already; to lose what is in it, remove/ },
  {
    line: 'osd fsck --dir $dir/pg-store --deep',
    prints: /^osd\.3, store [^]*1 objects of 5 B in 1 PGs[^]*0 errors, 0 warnings\n$/,
    json: ['store', 'errors', 'findings'],
  },
  { line: 'osd fsck --dir $dir/nothing', refused: /nothing holds no OSD's store; make one with cairn osd mkfs$/ },
  { line: 'osd dump-store --dir $dir/pg-store', prints: /^superblock: /, json: ['superblock', 'checkpoint'] },
  { line: 'osd dump-store --dir $dir/nothing', refused: /nothing holds no OSD's store/ },
  {
    line: 'osd export-pg 1.0 --pg-num 1 --dir $dir/pg-store --out $dir/1.0.pg',
    prints: /^wrote PG 1\.0 to .*: 1 objects of 5 B/,
  },
  { line: 'osd export-pg 1.0 --pg-num 1 --dir $dir/pg-store --out $dir/again.pg --json', prints: /^\{\n/ },
  {
    line: 'osd export-pg 2.0 --pg-num 1 --dir $dir/pg-store --out $dir/2.0.pg',
    refused: /^the store has nothing of PG 2\.0; cairn osd dump-store lists its PGs$/,
  },
  { line: 'osd import-pg $dir/1.0.pg --dir $dir/store', prints: /^brought PG 1\.0 of osd\.3 in: 1 objects of 5 B/ },
  { line: 'osd import-pg $dir/1.0.pg --dir $dir/store-2 --json', prints: /^\{\n/ },
  { line: 'osd import-pg $dir/ro.yaml --dir $dir/store', refused: /ro\.yaml/ },
];

/** One PG that has its only copy on osd.4, which is then given up. */
const losses: readonly CommandLine[] = [
  { line: 'crush rule create-replicated only-4 h4 osd', prints: /^made rule only-4/ },
  {
    line: 'pool create solo --size 1 --pg-num 1 --rule only-4 --application s3 --yes',
    prints: /^pool solo created: 1 PG/,
  },
  { line: 'osd down 4', prints: /^marked down osd\.4/ },
  {
    line: 'osd lost 4 --yes',
    prints: /^osd\.4 is lost: \d PGs lose a member, 1 of them has no other, so their data is gone/,
  },
  { line: 'pg ls --state lost', prints: /\n4\.0 .*lost/ },
  { line: 'pg force 4.0 0', refused: /; add --yes if you mean it$/ },
  { line: 'pg force 4.0 0 --yes', prints: /^pg 4\.0 of pool solo loses all/, json: ['messages'] },
  { line: 'osd rm 0', refused: /^osd\.0 is up; stop it before it is removed$/ },
  { line: 'osd lost 5', refused: /^all data on osd\.5 would be given up for ever: .*; add --yes if you mean it$/ },
  { line: 'osd lost 5 --yes', prints: /^osd\.5 is lost: /, json: ['messages'] },
  { line: 'osd rm 5 --yes', prints: /^removed osd\.5: /, json: ['messages'] },
  { line: 'osd purge 6', refused: /^osd\.6 would be removed, with place and key: .*; add --yes if you mean it$/ },
  { line: 'osd purge 6 --yes', prints: /^purged osd\.6: /, json: ['messages'] },
];

export const dataLines = [...empty, ...pools, ...pgs, ...osds, ...crush, ...objects, ...stores, ...losses];
