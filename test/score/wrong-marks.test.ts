import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LatentExamples } from "../../src/examples/example.js";
import { readMarkup } from "../../src/examples/markup.js";
import { type FuzzingNegative, fuzzing, fuzzingItems } from "../../src/score/fuzzing.js";
import { fuzzingPrompt } from "../../src/score/fuzzing-prompt.js";
import type { Item } from "../../src/score/item.js";
import { auroc } from "../../src/stats/auroc.js";
import { example, explanation, latentExamples, window, words } from "./made-examples.js";
import { answering } from "./made-judges.js";

/** Which words of a text of one-word tokens are marked: `[first, number]` of each run. */
function runsOf(text: string): [number, number][] {
  const { text: plain, spans } = readMarkup(text);
  const wordsIn = (part: string) => (part.match(/ \S+/g) ?? []).length;
  return spans.map(({ start, end }) => [wordsIn(plain.slice(0, start)), wordsIn(plain.slice(start, end))]);
}

const lengthsOf = (text: string) =>
  runsOf(text)
    .map(([, length]) => length)
    .sort();
const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
const isRight = ({ kind }: Item) => kind === "activating";

/** Examples whose right marks are where `marks` has them: one list of token numbers per window. */
function madeExamples(marks: readonly (readonly number[])[], length = 24): LatentExamples {
  const pieces = (seed: number) =>
    Array.from({ length }, (_, i) => ` ${words[(seed * 7 + i * (seed + 3)) % words.length]}`);
  const test = marks.map((at, context) =>
    example(
      pieces(context),
      at.map((i) => [i, 5] as const),
      { context },
    ),
  );
  const nonActivating = marks.map((_, i) => window(pieces(i + 99), [], { context: 1000 + i }));
  return latentExamples({ test, nonActivating });
}

/** The same with hard windows: every third token is one on which the latent fires elsewhere. */
function withHard(examples: LatentExamples): LatentExamples {
  const nonActivating = examples.nonActivating.map((one) => ({
    ...one,
    tokens: one.tokens.map((_, i) => (i % 3 === 0 ? 7 : i + 100)),
    kind: "same-token" as const,
    token: 7,
  }));
  return { ...examples, nonActivating };
}

const someMarks = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 12,
});

describe("wrong marks", () => {
  it("in silent windows stand where those of the right windows stand, once each", () => {
    fc.assert(
      fc.property(someMarks, (marks) => {
        const items = fuzzingItems(madeExamples(marks), { negatives: ["non-activating"] });
        const places = (which: boolean) =>
          items.filter((one) => isRight(one) === which).map(({ text }) => runsOf(text));
        expect(sorted(places(false))).toEqual(sorted(places(true)));
      }),
    );
  });

  it.each([
    ["wrong-tokens", (examples: LatentExamples) => examples],
    ["hard", withHard],
  ] as const)("of kind %s are as many and as long as those of the right windows", (kind, examplesOf) => {
    fc.assert(
      fc.property(someMarks, (marks) => {
        const items = fuzzingItems(examplesOf(madeExamples(marks)), { negatives: [kind] });
        const lengths = (which: boolean) =>
          items.filter((one) => isRight(one) === which).map(({ text }) => lengthsOf(text));
        expect(sorted(lengths(false))).toEqual(sorted(lengths(true)));
      }),
    );
  });

  it("of several kinds are together as many and as long as the right ones", () => {
    fc.assert(
      fc.property(someMarks, (marks) => {
        const items = fuzzingItems(withHard(madeExamples(marks)));
        const lengths = (which: boolean) =>
          items.filter((one) => isRight(one) === which).map(({ text }) => lengthsOf(text));
        expect(sorted(lengths(false))).toEqual(sorted(lengths(true)));
      }),
    );
  });

  it("are counted as they are shown: tokens without a text count for nothing", () => {
    const test = [
      example(
        ["", "", "é", " a", " b", " c"],
        [
          [0, 5],
          [1, 5],
          [2, 5],
        ],
      ),
    ];
    const nonActivating = [window([" d", "", " e", " f", " g"], [], { context: 9 })];
    const [right, wrong] = fuzzingItems(latentExamples({ test, nonActivating }), {
      negatives: ["non-activating"],
    });
    expect(right.text).toBe("<<é>> a b c");
    expect(wrong.text).toBe("<< d>> e f g");
  });

  it("move where a window is too short for them or the latent fires there, and are another window's where none fits", () => {
    const pieces = [" a", " b", " c", " d", " e", " f"];
    const test = [
      example(pieces, [
        [4, 5],
        [5, 5],
      ]),
      example(pieces, [[5, 5]], { context: 1 }),
    ];
    const short = [window([" g", " h"], [], { context: 9 }), window([" i"], [], { context: 10 })];
    const items = fuzzingItems(latentExamples({ test, nonActivating: short }), {
      negatives: ["non-activating"],
    });
    expect(items.slice(2).map(({ text }) => text)).toEqual(["<< g h>>", "<< i>>"]);
    const wrong = fuzzingItems(latentExamples({ test, nonActivating: short }), {
      negatives: ["wrong-tokens"],
    });
    for (const { text } of wrong.slice(2)) expect(runsOf(text).every(([first]) => first < 5)).toBe(true);
    const full = fuzzingItems(latentExamples({ test: [example([" a"], [[0, 5]])], nonActivating: short }), {
      negatives: ["wrong-tokens"],
    });
    expect(full.map(({ kind }) => kind)).toEqual(["activating"]);
  });

  it("are the same in whatever order the items are judged", () => {
    const examples = madeExamples([[1], [2, 3], [9], [4], [20, 21, 22]]);
    const items = (seed: number) => fuzzingItems(withHard(examples), { seed });
    expect(items(1)).toEqual(items(2));
  });
});

/** Reads no explanation: right are marks that are at most so many. */
function counting(most: number) {
  return answering(({ messages }) => {
    const texts =
      messages
        .at(-1)
        ?.content.split("\n")
        .filter((line) => /^Example \d+: /.test(line)) ?? [];
    return `[${texts.map((text) => Number((text.match(/<</g) ?? []).length <= most)).join(", ")}]`;
  });
}

describe("a judge who counts marks and reads no explanation", () => {
  // Six windows of seven have one mark, as is usual.
  const marks = Array.from({ length: 49 }, (_, i) => (i % 7 === 0 ? [i % 20, (i % 20) + 2] : [i % 24]));
  const score = async (examples: LatentExamples, negatives?: FuzzingNegative[]) => {
    const { value } = await fuzzing(counting(1), { negatives }).score(explanation("x"), examples);
    return value as number;
  };

  it("is at chance with every kind of wrong marks", async () => {
    const examples = madeExamples(marks);
    for (const kind of ["non-activating", "wrong-tokens"] as const) {
      expect(await score(examples, [kind]), kind).toBe(0.5);
    }
    expect(await score(examples)).toBe(0.5);
    expect(await score(withHard(examples), ["hard"])).toBe(0.5);
    expect(await score(withHard(examples))).toBe(0.5);
  });

  it("is right with the marks of the paper's code, which are the mean number rounded up", async () => {
    expect(await score(madeExamples(marks), ["repeated-marks"])).toBeGreaterThan(0.9);
  });
});

describe("the worked turns of the prompt", () => {
  const shown = fuzzingPrompt.turns.flatMap(({ texts, answers }) =>
    texts.map((text, i) => ({ ...readMarkup(text), right: answers[i] })),
  );
  type Shown = (typeof shown)[number];
  const cues: readonly [string, (text: Shown) => number][] = [
    ["number of marks", ({ spans }) => spans.length],
    ["marked letters", ({ spans }) => spans.reduce((n, { start, end }) => n + end - start, 0)],
    [
      "punctuation that is marked",
      ({ spans, text }) => spans.filter(({ start, end }) => !/\w/.test(text.slice(start, end))).length,
    ],
    ["place of the first mark", ({ spans, text }) => spans[0].start / text.length],
    ["place of the last mark", ({ spans, text }) => (spans.at(-1)?.start ?? 0) / text.length],
  ];

  it.each(cues)("are not told apart by the %s", (_, cue) => {
    const [right, wrong] = [true, false].map((which) => shown.filter((one) => one.right === which).map(cue));
    expect(auroc(right, wrong)).toBeGreaterThan(0.4);
    expect(auroc(right, wrong)).toBeLessThan(0.6);
  });
});
