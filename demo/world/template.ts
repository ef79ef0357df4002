/**
 * One part of a parsed template.
 * `slot` names a rule, a person or a variable; `range` is a random whole number; `choice` takes one of its branches.
 */
export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "article" }
  | { kind: "slot"; variable: string | undefined; rule: string; form: string | undefined }
  | { kind: "range"; variable: string | undefined; low: number; high: number }
  | { kind: "choice"; branches: TemplateNode[][] }
  | { kind: "label"; concept: string; body: TemplateNode[] };

const slotSyntax =
  /^\{(?:(?<variable>[A-Za-z0-9]+):)?(?:#(?<low>\d+)-(?<high>\d+)|(?<rule>[A-Za-z][A-Za-z0-9-]*)(?:\.(?<form>[A-Za-z]+))?)\}/;

/**
 * Parses a template: `{rule}`, `{rule.form}`, `{variable:rule}` (chosen once per document), `{#2-9}`, `{a}` (article),
 * `[one|other]`, `<concept:text>`, `¶` (new line) and `\` before a character that stands for itself.
 * Throws SyntaxError where brackets do not match.
 */
export function parseTemplate(source: string): TemplateNode[] {
  const reader = { source, at: 0 };
  const nodes = parseSequence(reader, "");
  if (reader.at < source.length) {
    throw new SyntaxError(
      `Cannot parse template "${source}": unexpected "${source[reader.at]}" at ${reader.at}`,
    );
  }
  return nodes;
}

interface Reader {
  source: string;
  at: number;
}

function parseSequence(reader: Reader, stops: string): TemplateNode[] {
  const nodes: TemplateNode[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") nodes.push({ kind: "text", text });
    text = "";
  };
  while (reader.at < reader.source.length) {
    const character = reader.source.charAt(reader.at);
    if (stops.includes(character)) break;
    const label = character === "<" ? /^<([a-z-]+):/.exec(reader.source.slice(reader.at)) : null;
    if (character === "{") {
      flush();
      nodes.push(parseSlot(reader));
    } else if (character === "[") {
      flush();
      nodes.push(parseChoice(reader));
    } else if (label !== null) {
      flush();
      reader.at += label[0].length;
      const body = parseSequence(reader, ">");
      expect(reader, ">");
      nodes.push({ kind: "label", concept: label[1] ?? "", body });
    } else {
      if (character === "\\") reader.at++;
      const literal = reader.source.charAt(reader.at++);
      text += character !== "\\" && literal === "¶" ? "\n" : literal;
    }
  }
  flush();
  return nodes;
}

function parseSlot(reader: Reader): TemplateNode {
  const rest = reader.source.slice(reader.at);
  if (rest.startsWith("{a} ")) {
    reader.at += 4;
    return { kind: "article" };
  }
  const match = slotSyntax.exec(rest);
  if (match?.groups === undefined) {
    throw new SyntaxError(`Cannot parse template "${reader.source}": no slot at ${reader.at}`);
  }
  reader.at += match[0].length;
  const { variable, low, high, rule, form } = match.groups;
  if (low !== undefined) return { kind: "range", variable, low: Number(low), high: Number(high) };
  return { kind: "slot", variable, rule: rule ?? "", form };
}

function parseChoice(reader: Reader): TemplateNode {
  const branches: TemplateNode[][] = [];
  do {
    reader.at++;
    branches.push(parseSequence(reader, "|]"));
  } while (reader.source[reader.at] === "|");
  expect(reader, "]");
  return { kind: "choice", branches };
}

function expect(reader: Reader, character: string): void {
  if (reader.source[reader.at] !== character) {
    throw new SyntaxError(
      `Cannot parse template "${reader.source}": "${character}" is missing at ${reader.at}`,
    );
  }
  reader.at++;
}
