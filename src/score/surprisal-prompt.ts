import { toLine } from "../llm/example-lines.js";

/** What stands in for an explanation where there is none; the paper's words. */
export const noExplanation = "Various unrelated sentences.";

/**
 * What a text stands behind: descriptions with sentences that they describe, and last the description in question. The
 * beginning is the same for all descriptions. Our wording of the paper's prompt, for a model that continues text.
 */
export function surprisalPrefix(description: string): string {
  const blocks = worked.map(({ description, sentences }) => [heading(description), ...sentences].join("\n"));
  return [opening, ...blocks, `${heading(description)}\n`].join("\n\n");
}

function heading(description: string): string {
  return `Description: ${toLine(description)}\nSentences:`;
}

const opening = "Collections of sentences, each with a description of what its sentences share.";

const worked: readonly { description: string; sentences: readonly string[] }[] = [
  {
    description: "Words that name a colour.",
    sentences: [
      "He walked past the green door twice before he dared to knock.",
      "They painted the boat in white and blue, which took them the whole of Saturday.",
    ],
  },
  {
    description: noExplanation,
    sentences: [
      "The treasurer asked whether the sum had been paid.",
      "Rain until noon, then dry with a light wind from the west.",
      "A dog ran ahead and found the path to the river.",
    ],
  },
  {
    description: "A question mark at the end of a question.",
    sentences: [
      "Have you seen my keys? I left them on the table this morning.",
      "“Where are you going?” asked the fox.",
    ],
  },
  {
    description: "Instructions of a recipe.",
    sentences: [
      "Add two spoons of honey, stir until it is smooth, and leave it to cool.",
      "Bake for forty minutes, or until the top is brown.",
    ],
  },
  {
    description: "Program code that changes a counter.",
    sentences: [
      "if (count > 10) return; else count = count + step;",
      "for (let i = 0; i < n; i++) total += i;",
    ],
  },
];
