import { type Concept, isConcept } from "./concepts.js";
import { actions } from "./vocabulary/actions.js";
import { nature } from "./vocabulary/nature.js";
import { people } from "./vocabulary/people.js";
import { places } from "./vocabulary/places.js";
import { things } from "./vocabulary/things.js";

/** A list of words that templates draw from, and the labels that every one of them carries. */
export interface WordList {
  words: readonly string[];
  concepts: readonly Concept[];
}

/** Every word list by name. */
export const vocabulary: ReadonlyMap<string, WordList> = new Map(
  [nature, people, things, places, actions].flatMap(parseWordLists),
);

/** Reads lists written as `name @concept,concept` above indented words; `_` stands for a space. */
function parseWordLists(source: string): [string, WordList][] {
  return source
    .split(/\n(?=\S)/)
    .filter((block) => block.trim() !== "")
    .map((block) => {
      const [header = "", ...lines] = block.trim().split("\n");
      const [name = "", labels = ""] = header.split(" @");
      const found = labels.split(",").filter((label) => label !== "");
      const unknown = found.find((label) => !isConcept(label));
      if (unknown !== undefined)
        throw new SyntaxError(`Cannot label word list "${name}": no concept "${unknown}"`);
      const words = lines.join(" ").trim().split(/\s+/);
      return [
        name,
        { words: words.map((word) => word.replaceAll("_", " ")), concepts: found.filter(isConcept) },
      ];
    });
}
