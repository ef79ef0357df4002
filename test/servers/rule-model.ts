/**
 * A model that follows rules whose right scores are known in advance: asked to explain, it names the most frequent
 * marked token; asked to judge, it looks for that token. Latents that fire on one token score 1.0, explanations that
 * have nothing to do with the latent 0.5.
 */
import { readMarkup } from "../../src/examples/markup.js";
import { fromLine, type ReadExample, readExamples } from "../../src/llm/example-lines.js";

/** Answers the last message of a prompt. */
export function ruleAnswer(question: string): string {
  const parts = readExamples(question);
  if (!parts) return "I do not understand.";
  if (parts.task === "explain") return `[EXPLANATION]: The token "${mostMarked(parts.examples)}".`;
  const explanation = fromLine(/^Explanation: (.*)$/m.exec(question)?.[1] ?? "");
  const token = /The token "(.*)"\.$/su.exec(explanation)?.[1];
  if (token === undefined) return `[${parts.examples.map(() => 0).join(", ")}]`;
  const holds = ({ text }: ReadExample) =>
    parts.task === "fuzzing" ? marksOnly(text, token) : text.includes(token);
  return `[${parts.examples.map((example) => Number(holds(example))).join(", ")}]`;
}

function mostMarked(examples: readonly ReadExample[]): string {
  const counts = new Map<string, number>();
  for (const example of examples) {
    const { text, spans } = readMarkup(example.text);
    for (const { start, end } of spans) {
      const token = text.slice(start, end);
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

function marksOnly(marked: string, token: string): boolean {
  const { text, spans } = readMarkup(marked);
  return spans.every(({ start, end }) => text.slice(start, end) === token);
}
