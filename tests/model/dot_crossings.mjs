// Counts the crossings of dot's drawings of the graphs in dot_crossings.json, in their order, and prints them.
//
//   npm install @hpcc-js/wasm-graphviz && node dot_crossings.mjs
//
// The graphs are drawn from left to right; splines are followed in twelve steps each, and every pair is compared.
import { readFileSync } from "node:fs";
import { Graphviz } from "@hpcc-js/wasm-graphviz";

const graphviz = await Graphviz.load();
const { graphs } = JSON.parse(readFileSync(new URL("dot_crossings.json", import.meta.url)));

function followed(points, steps = 12) {
  const found = [points[0]];
  for (let at = 0; at + 3 < points.length; at += 3) {
    for (let step = 1; step <= steps; step++) {
      const t = step / steps, u = 1 - t;
      found.push([0, 1].map((axis) =>
        u ** 3 * points[at][axis] + 3 * u * u * t * points[at + 1][axis]
        + 3 * u * t * t * points[at + 2][axis] + t ** 3 * points[at + 3][axis]));
    }
  }
  return found;
}

function cross(a, b, c, d) {
  const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

console.log(`Graphviz ${graphviz.version()}`);
for (const { seed, nodes, calls } of graphs) {
  const listed = Array.from({ length: nodes }, (_, at) => `n${at};`).join("") + calls.map(([a, b]) => `n${a}->n${b};`).join("");
  const drawn = graphviz.layout(`digraph{rankdir=LR;node[shape=box];${listed}}`, "plain", "dot");
  const courses = drawn.split("\n").map((line) => line.split(" ")).filter((words) => words[0] === "edge").map((words) =>
    followed(Array.from({ length: Number(words[3]) }, (_, at) => [Number(words[4 + 2 * at]), Number(words[5 + 2 * at])])));
  let count = 0;
  courses.forEach((one, place) => courses.slice(place + 1).forEach((other) => {
    for (let x = 0; x + 1 < one.length; x++) {
      for (let y = 0; y + 1 < other.length; y++) count += cross(one[x], one[x + 1], other[y], other[y + 1]);
    }
  }));
  console.log(`${seed} ${count}`);
}
