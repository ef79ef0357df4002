/**
 * What gives fuzzing's wrong marks away to a judge who never reads the explanation, by kind of wrong marks, on latents of the
 * demo: numbers of docs/differences.md.
 *
 *     npx tsx bench/fuzzing-cues.ts [--latents 40]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateDocuments } from "../demo/world/index.js";
import { cacheLatents } from "../src/cache/cache-latents.js";
import type { LatentExamples } from "../src/examples/example.js";
import { type MarkedSpan, readMarkup } from "../src/examples/markup.js";
import { type SampleExamplesOptions, sampleExamples } from "../src/examples/sample-examples.js";
import { loadModel } from "../src/model/load-model.js";
import { delphiItems } from "../src/score/delphi-scorers.js";
import { fuzzingItems } from "../src/score/fuzzing.js";
import type { Item } from "../src/score/item.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { auroc } from "../src/stats/auroc.js";
import { clusteredMean } from "../src/stats/clustered-mean.js";

interface Marked {
  readonly text: string;
  readonly spans: readonly MarkedSpan[];
}

const spansLike = (pattern: RegExp) => (marked: Marked) =>
  marked.spans.filter(({ start, end }) => pattern.test(marked.text.slice(start, end))).length;
const place = ({ spans, text }: Marked) => (spans[0]?.start ?? 0) / text.length;

/** Of each token, by its text, in the whole cache. */
const occurrences = new Map<string, number>();

/** What such a judge may go by. */
const cues: Readonly<Record<string, (marked: Marked) => number>> = {
  "number of marks": ({ spans }) => spans.length,
  "marked letters": ({ spans }) => spans.reduce((sum, { start, end }) => sum + end - start, 0),
  "place of the first": place,
  "its distance from the middle": (marked) => Math.abs(place(marked) - 0.5),
  "no letter or digit": spansLike(/^[^\p{L}\p{N}]+$/u),
  "white space": spansLike(/^\s+$/),
  "a capital": spansLike(/\p{Lu}/u),
  "begins a word": spansLike(/^\s/),
  "how often its token occurs": ({ spans: [first], text }) =>
    (first && occurrences.get(text.slice(first.start, first.end))) ?? 0,
};

const ladder = { negatives: ["random", "co-active", "same-token"] } as const;
const rows: Readonly<Record<string, [SampleExamplesOptions, (examples: LatentExamples) => Item[]]>> = {
  "`non-activating`": [{}, (examples) => fuzzingItems(examples, { negatives: ["non-activating"] })],
  "`wrong-tokens`": [{}, (examples) => fuzzingItems(examples, { negatives: ["wrong-tokens"] })],
  "`hard` (co-active, same token)": [ladder, (examples) => fuzzingItems(examples, { negatives: ["hard"] })],
  "all three": [ladder, (examples) => fuzzingItems(examples)],
  "all three, windows centred": [{ ...ladder, placement: "centred" }, (examples) => fuzzingItems(examples)],
  "`repeated-marks`": [{}, (examples) => fuzzingItems(examples, { negatives: ["repeated-marks"] })],
  '`compat: "delphi"`': [{ compat: "delphi" }, (examples) => delphiItems("fuzzing", examples)],
};

const { values: options } = parseArgs({ options: { latents: { type: "string", default: "40" } } });
const directory = mkdtempSync(join(tmpdir(), "saelab-cues-"));
const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
const texts = [...generateDocuments({ seed: "corpus", count: 400 })].map(({ text }) => text);
const cache = await cacheLatents({ model, coder }, texts, { directory, onProgress: false });
for (let context = 0; context < cache.contextCount; context++) {
  for (const piece of model.tokenizer.pieces(cache.tokens(context))) {
    occurrences.set(piece, (occurrences.get(piece) ?? 0) + 1);
  }
}
await Promise.all([model.close(), coder.close()]);
const latents = cache.sample(Number(options.latents), { seed: 22, minCount: 200 });

console.log(
  `${latents.length} latents; balanced accuracy of "right where there is one mark at most"; AUROC of the cues, where`,
);
console.log(
  "0.5 tells nothing, more that right windows have more of it; means over latents with 95 % intervals\n",
);
const head = ["wrong marks", "one mark at most", ...Object.keys(cues)];
console.log(`| ${head.join(" | ")} |\n|${"---|".repeat(head.length)}`);
for (const [name, [sampling, itemsOf]] of Object.entries(rows)) {
  const judged = latents.map((latent) => {
    const examples = sampleExamples(cache, latent, {
      train: 20,
      test: 50,
      minWindows: 1,
      negatives: ["random"],
      ...sampling,
    });
    const items = itemsOf(examples);
    const marked = (wanted: boolean) =>
      items.filter(({ truth }) => truth === wanted).map(({ text }) => readMarkup(text));
    return { right: marked(true), wrong: marked(false) };
  });
  const few = ({ spans }: Marked) => spans.length <= 1;
  const share = (list: readonly Marked[]) => list.filter(few).length / list.length;
  const counting = judged.map(({ right, wrong }) => (share(right) + 1 - share(wrong)) / 2);
  const areas = Object.values(cues).map((cue) =>
    judged.map(({ right, wrong }) => auroc(right.map(cue), wrong.map(cue))),
  );
  console.log(`| ${[name, ...[counting, ...areas].map(meanOf)].join(" | ")} |`);
}
rmSync(directory, { recursive: true });

function meanOf(values: readonly number[]): string {
  const { value, interval } = clusteredMean(values, [...values.keys()]);
  return `${value.toFixed(2)} (${interval.map((end) => end.toFixed(2)).join(" to ")})`;
}
