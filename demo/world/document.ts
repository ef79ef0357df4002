import { type Random, seededRandom } from "../../src/random.js";
import { Draft, type Passage, type Span } from "./draft.js";
import { labelWords } from "./lexicon.js";
import { type Register, registers } from "./registers.js";
import { Scene } from "./scene.js";
import { labelCode, labelSentences } from "./syntax.js";

/** One text of the demo world with everything that is known about it. */
export interface WorldDocument extends Passage {
  register: string;
}

/** Which documents to make: document `i` depends on `seed` and `i` alone. */
export interface GenerateOptions {
  seed: string;
  count: number;
  /** Index of the first document; 0 by default. */
  start?: number;
}

const totalWeight = registers.reduce((sum, register) => sum + register.weight, 0);

/** Streams documents of 60 to 400 words in all registers. */
export function* generateDocuments({ seed, count, start = 0 }: GenerateOptions): Generator<WorldDocument> {
  for (let i = start; i < start + count; i++) {
    yield generateDocument(seededRandom(`${seed}/${i}`));
  }
}

function generateDocument(random: Random): WorldDocument {
  const register = pickRegister(random);
  const draft = new Draft(register.sentenceCase ?? true);
  const scene = new Scene(random, register.grammar);
  const target = 80 + random.integer(150);
  scene.expandRule("open", draft);
  while (countWords(draft.text) < target) {
    draft.gap();
    scene.expandRule("body", draft);
  }
  draft.gap();
  scene.expandRule("close", draft);
  const spans = [...draft.spans, ...labelText(draft, register)];
  return { text: draft.text, register: register.name, spans: withoutOverlaps(spans) };
}

function labelText({ text, spans }: Passage, register: Register): Span[] {
  if (register.whole === "code") return labelCode(text);
  if (register.whole !== undefined) return [{ start: 0, end: text.length, concept: register.whole }];
  return [...labelSentences(text), ...labelWords(text, spans)];
}

function pickRegister(random: Random): Register {
  let left = random.random() * totalWeight;
  for (const register of registers) {
    left -= register.weight;
    if (left < 0) return register;
  }
  return registers[0] as Register;
}

function countWords(text: string): number {
  let words = 0;
  for (let i = 1; i < text.length; i++) if (text.charCodeAt(i) <= 32 && text.charCodeAt(i - 1) > 32) words++;
  return words;
}

/** Orders spans and drops those that lie on another one of the same concept. */
function withoutOverlaps(spans: Span[]): Span[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end || (a.concept < b.concept ? -1 : 1));
  const ends = new Map<string, number>();
  return spans.filter((span) => {
    if (span.start < (ends.get(span.concept) ?? 0)) return false;
    ends.set(span.concept, span.end);
    return true;
  });
}
