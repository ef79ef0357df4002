import { parseTemplate, type TemplateNode } from "./template.js";

/** The alternatives of every rule, each a parsed template. */
export type Grammar = ReadonlyMap<string, readonly TemplateNode[][]>;

/**
 * Parses rules written as text: a line `name:` opens a rule, every indented line below it is one alternative,
 * or several between ` | ` where it starts with `| `.
 * Throws SyntaxError for a line outside a rule.
 */
export function parseGrammar(source: string): Grammar {
  const rules = new Map<string, TemplateNode[][]>();
  let alternatives: TemplateNode[][] | undefined;
  for (const line of source.split("\n")) {
    if (line.trim() === "") continue;
    if (/^[a-z][\w-]*:$/.test(line)) {
      alternatives = [];
      rules.set(line.slice(0, -1), alternatives);
    } else if (alternatives !== undefined && line.startsWith("  ")) {
      const many = line.startsWith("  | ") ? line.slice(4).split(" | ") : [line.slice(2)];
      alternatives.push(...many.map((alternative) => parseTemplate(alternative)));
    } else {
      throw new SyntaxError(`Cannot parse grammar line "${line}": want "name:" or an indented alternative`);
    }
  }
  return rules;
}

/** Joins grammars; a later one replaces rules of the same name. */
export function joinGrammars(...grammars: Grammar[]): Grammar {
  return new Map(grammars.flatMap((grammar) => [...grammar]));
}
