#!/usr/bin/env node
// Shows two files of `cargo bench --bench loopback -- --json FILE` side by side: for each kind of request its share of bare
// hyper's requests per second in both, and how they stand to each other; for all else the figures themselves.
//
//   node benches/compare.mjs BEFORE.json AFTER.json

import { readFileSync } from 'node:fs';

const [before, after] = process.argv.slice(2, 4).map((file) => JSON.parse(readFileSync(file, 'utf8')));
if (!before || !after) {
  console.error('usage: node benches/compare.mjs BEFORE.json AFTER.json');
  process.exit(2);
}
const shown = (figure) => (figure === undefined ? '-' : figure.toFixed(2));
const line = (name, one, other) => {
  const change = one && other !== undefined ? `${(other / one).toFixed(2)} times` : '';
  console.log(name.padEnd(52), shown(one).padStart(10), shown(other).padStart(10), change.padStart(12));
};
console.log(''.padEnd(52), 'before'.padStart(10), 'after'.padStart(10));
for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
  const [one, other] = [before[name], after[name]];
  if (typeof (one ?? other) === 'number') {
    line(name, one, other);
  } else {
    for (const key of ['ratio', 'more CPU us']) line(`${name}: ${key}`, one?.[key], other?.[key]);
  }
}
