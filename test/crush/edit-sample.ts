/** Maps that the tests of edits start from. */
import { parseLocation } from '../../crush/edit/location.js';
import { parseCrushText } from '../../crush/text-parser.js';

export const one = 0x10000;

export const text = `tunable straw_calc_version 1
tunable allowed_bucket_algs 54
device 0 osd.0 class ssd
device 1 osd.1 class hdd
device 2 osd.2 class hdd
device 3 osd.3 class ssd
type 0 osd
type 1 host
type 3 rack
type 5 root
host h0 { id -2 alg straw2 item osd.0 item osd.1 }
host h1 { id -3 alg straw item osd.2 item osd.3 weight 2 }
root default { id -1 alg straw2 item h0 item h1 }
rule data { id 0 type replicated min_size 1 max_size 10 step take default class hdd step chooseleaf firstn 0 type host step emit }
`;
export const map = parseCrushText(text);

/** With uniform and tree buckets, without classes. */
export const plainMap = parseCrushText(`tunable allowed_bucket_algs 54
device 0 osd.0
device 1 osd.1
type 0 osd
type 1 host
type 3 rack
type 5 root
host even { alg uniform item osd.0 item osd.1 }
rack even-rack { alg uniform item even }
root default { id -1 alg straw2 item even-rack }
`);

export const at = (...pairs: string[]) => parseLocation(pairs);
