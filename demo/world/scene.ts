import type { Random } from "../../src/random.js";
import { isConcept } from "./concepts.js";
import { capitalise, Draft, type Passage } from "./draft.js";
import type { Grammar } from "./grammar.js";
import { inflect } from "./inflection.js";
import type { TemplateNode } from "./template.js";
import { vocabulary } from "./vocabulary.js";

interface Person {
  name: string;
  surname: string;
  female: boolean;
}

/**
 * What one document remembers: its people (slots `A` to `F`), its variables, and which alternatives it has used,
 * so that a thing named once stays the same and nothing is said twice in a row.
 */
export class Scene {
  readonly #random: Random;
  readonly #grammar: Grammar;
  readonly #people = new Map<string, Person>();
  readonly #variables = new Map<string, Passage>();
  readonly #used = new Map<string, Set<number>>();

  /** Rules come from the grammar first, then from the vocabulary. */
  constructor(random: Random, grammar: Grammar) {
    this.#random = random;
    this.#grammar = grammar;
  }

  /** Writes one random expansion of a rule. Throws RangeError for a rule that does not exist. */
  expandRule(rule: string, draft: Draft): void {
    const alternatives = this.#grammar.get(rule);
    if (alternatives !== undefined) {
      this.#expand(alternatives[this.#unused(rule, alternatives.length)] ?? [], draft);
      return;
    }
    const list = vocabulary.get(rule);
    if (list === undefined) throw new RangeError(`Cannot expand "{${rule}}": no such rule or word list`);
    draft.write(list.words[this.#unused(rule, list.words.length)] ?? "");
  }

  #expand(nodes: readonly TemplateNode[], draft: Draft): void {
    for (const node of nodes) {
      if (node.kind === "text") draft.write(node.text);
      else if (node.kind === "article") draft.article();
      else if (node.kind === "choice") this.#expand(this.#random.pick(node.branches), draft);
      else if (node.kind === "range")
        this.#remember(node.variable, draft, (to) => to.write(this.#number(node)));
      else if (node.kind === "label") this.#label(node, draft);
      else this.#slot(node, draft);
    }
  }

  #number({ low, high }: { low: number; high: number }): string {
    return String(low + this.#random.integer(high - low + 1));
  }

  #label(node: TemplateNode & { kind: "label" }, draft: Draft): void {
    if (!isConcept(node.concept))
      throw new RangeError(`Cannot label with "${node.concept}": no such concept`);
    draft.open(node.concept);
    this.#expand(node.body, draft);
    draft.close();
  }

  #slot(node: TemplateNode & { kind: "slot" }, draft: Draft): void {
    if (node.variable === undefined && /^[A-F]$/.test(node.rule)) {
      draft.write(this.#personForm(node.rule, node.form ?? "name"));
      return;
    }
    const inner = node.rule.charAt(0).toLowerCase() + node.rule.slice(1);
    const exact = this.#variables.get(node.rule);
    const form = inner === node.rule || exact !== undefined ? node.form : "cap";
    const known = exact ?? this.#variables.get(inner);
    if (node.variable === undefined && form === undefined && known === undefined) {
      this.expandRule(inner, draft);
      return;
    }
    const passage = new Draft(false);
    if (node.variable === undefined && known !== undefined) passage.append(known);
    else this.#remember(node.variable, passage, (to) => this.expandRule(inner, to));
    draft.append(form === undefined ? passage : reform(passage, form));
  }

  #remember(variable: string | undefined, draft: Draft, write: (draft: Draft) => void): void {
    if (variable === undefined) {
      write(draft);
      return;
    }
    let passage = this.#variables.get(variable);
    if (passage === undefined) {
      const fresh = new Draft(false);
      write(fresh);
      passage = fresh;
      this.#variables.set(variable, passage);
    }
    draft.append(passage);
  }

  #unused(rule: string, count: number): number {
    const used = this.#used.get(rule) ?? new Set<number>();
    this.#used.set(rule, used);
    if (used.size >= count) used.clear();
    let index = this.#random.integer(count);
    while (used.has(index)) index = this.#random.integer(count);
    used.add(index);
    return index;
  }

  #personForm(slot: string, form: string): string {
    const person = this.#person(slot);
    const { name, surname, female } = person;
    const forms: Record<string, string> = {
      name,
      surname,
      full: `${name} ${surname}`,
      title: `${female ? "Mrs" : "Mr"} ${surname}`,
      he: female ? "she" : "he",
      him: female ? "her" : "him",
      his: female ? "her" : "his",
      self: female ? "herself" : "himself",
      child: female ? "girl" : "boy",
      adult: female ? "woman" : "man",
    };
    const text = forms[form] ?? forms[form.toLowerCase()];
    if (text === undefined)
      throw new RangeError(`Cannot expand "{${slot}.${form}}": no such form of a person`);
    return form in forms ? text : capitalise(text);
  }

  #person(slot: string): Person {
    const known = this.#people.get(slot);
    if (known !== undefined) return known;
    const female = this.#random.random() < 0.5;
    const pick = (list: string) => this.#random.pick(vocabulary.get(list)?.words ?? []);
    const taken = new Set([...this.#people.values()].map((person) => person.name));
    let name = pick(female ? "female-name" : "male-name");
    while (taken.has(name)) name = pick(female ? "female-name" : "male-name");
    const person = { name, surname: pick("surname"), female };
    this.#people.set(slot, person);
    return person;
  }
}

function reform(passage: Passage, form: string): Passage {
  const { text, spans } = passage;
  if (form === "cap") return { text: capitalise(text), spans };
  if (form !== "s" && form !== "ed" && form !== "ing" && form !== "es") {
    throw new RangeError(`Cannot write "${text}" in form "${form}": choose s, ed, ing, es or cap`);
  }
  const inflected = inflect(text, form);
  const growth = inflected.length - text.length;
  const firstWord = form === "s" ? text.length : (/^[A-Za-z]+/.exec(text)?.[0].length ?? 0);
  const move = (offset: number) => (offset >= firstWord ? offset + growth : offset);
  return {
    text: inflected,
    spans: spans.map((span) => ({ ...span, start: move(span.start), end: move(span.end) })),
  };
}
