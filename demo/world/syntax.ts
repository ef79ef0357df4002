import type { Concept } from "./concepts.js";
import type { Span } from "./draft.js";

const keywords = new Set(
  `import from export default const let function return if else for of in while break continue class extends interface
  type new throw async await def not is None True False true false null undefined self this with as try except raise
  lambda assert print get`.split(/\s+/),
);

const codeToken = /(?<comment>\/\/.*|#(?![a-z]).*|""".*?""")|(?<string>f?"[^"\n]*")|[A-Za-z_]+/g;

/** Labels comments, string literals and keywords of TypeScript or Python. */
export function labelCode(text: string): Span[] {
  const spans: Span[] = [{ start: 0, end: text.length, concept: "code" }];
  for (const match of text.matchAll(codeToken)) {
    const concept = conceptOfToken(match);
    if (concept !== undefined)
      spans.push({ start: match.index, end: match.index + match[0].length, concept });
  }
  return spans;
}

function conceptOfToken(match: RegExpExecArray): Concept | undefined {
  if (match.groups?.comment !== undefined) return "comment";
  if (match.groups?.string !== undefined) return "code-string";
  return keywords.has(match[0]) ? "code-keyword" : undefined;
}

/** Labels quoted speech, numerals and questions of English text: from the opening quotation mark, or the sentence's first letter. */
export function labelSentences(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(/"[^"\n]+"/g)) {
    spans.push({ start: match.index, end: match.index + match[0].length, concept: "speech" });
  }
  for (const match of text.matchAll(/\d+(?:[.,]\d+)?/g)) {
    spans.push({ start: match.index, end: match.index + match[0].length, concept: "number" });
  }
  for (const match of text.matchAll(/[A-Za-z][^.!?:"\n]*\?/g)) {
    spans.push({ start: match.index, end: match.index + match[0].length, concept: "question" });
  }
  return spans;
}
