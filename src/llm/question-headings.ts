/**
 * Lines in prompts of scorers that tell what is asked, for those who write the prompts and for the embedded model that reads
 * them. Detection, fuzzing and explaining have theirs in `exampleHeadings`.
 */
export const questionHeadings = {
  /** Numbered tokens, for an activation each. */
  tokens: "Tokens:",
  /** Numbered texts with marks, one of which is to be found. */
  intruder: "Which one does not belong?",
  /** Numbered texts, for a rating each. */
  rating: "Texts to rate:",
  /** Numbered texts with marks, to write more like them. */
  alike: "Texts to go on from:",
  /** Nothing: pairs of texts are to be written. */
  pairs: "Texts with and without:",
} as const;

export type QuestionTask = keyof typeof questionHeadings;
