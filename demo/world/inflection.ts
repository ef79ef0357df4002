const irregularPlurals =
  pairs(`mouse mice, goose geese, sheep sheep, fish fish, deer deer, child children, man men,
  woman women, foot feet, tooth teeth, person people, wolf wolves, calf calves, leaf leaves, loaf loaves, knife knives,
  scarf scarves, shelf shelves, potato potatoes, tomato tomatoes, hero heroes, salmon salmon, moose moose, half halves,
  grandchild grandchildren, postman postmen, policewoman policewomen, fisherman fishermen, elf elves, stomach stomachs, trout trout`);

const irregularPasts =
  pairs(`go went, come came, run ran, see saw, say said, tell told, find found, take took,
  give gave, eat ate, drink drank, sing sang, swim swam, sit sat, stand stood, hear heard, feel felt, think thought,
  bring brought, buy bought, catch caught, teach taught, make made, write wrote, read read, ride rode, drive drove,
  fly flew, fall fell, grow grew, know knew, throw threw, draw drew, begin began, lose lost, keep kept, sleep slept,
  leave left, meet met, send sent, spend spent, build built, hold held, put put, cut cut, hit hit, let let, set set,
  shut shut, hurt hurt, win won, wear wore, break broke, speak spoke, wake woke, choose chose, steal stole, hide hid,
  forget forgot, get got, have had, do did, be was, pay paid, lay laid, lie lay, rise rose, shake shook, dig dug,
  hang hung, climb climbed, creep crept, sweep swept, bend bent, lend lent, feed fed, lead led, bite bit, shine shone,
  blow blew, sell sold, freeze froze, become became, understand understood, light lit, slide slid, tear tore`);

const doubled = new Set(
  `stop hop grab clap nod wag pat plan chat drop slip shop step hug rub trot skip spot trip wrap sob beg pet chop stir
  zip jog swim run sit get admit put cut hit let set shut win forget dig begin`.split(/\s+/),
);

/** Forms that a slot can ask for: plural, past tense, -ing form, third person. */
export type WordForm = "s" | "ed" | "ing" | "es";

/** Inflects a phrase: its last word for the plural, its first word for the forms of a verb. */
export function inflect(phrase: string, form: WordForm): string {
  if (form === "s") {
    const space = phrase.lastIndexOf(" ") + 1;
    return phrase.slice(0, space) + plural(phrase.slice(space));
  }
  const end = /^[A-Za-z]+/.exec(phrase)?.[0].length ?? 0;
  const verb = phrase.slice(0, end);
  const inflected = form === "ed" ? past(verb) : form === "ing" ? gerund(verb) : thirdPerson(verb);
  return inflected + phrase.slice(end);
}

/** The plural of an English noun. */
export function plural(noun: string): string {
  return irregularPlurals.get(noun) ?? withS(noun);
}

function thirdPerson(verb: string): string {
  if (verb === "have") return "has";
  if (verb === "be") return "is";
  return verb === "go" || verb === "do" ? `${verb}es` : withS(verb);
}

function past(verb: string): string {
  const irregular = irregularPasts.get(verb);
  if (irregular !== undefined) return irregular;
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  return `${double(verb)}ed`;
}

function gerund(verb: string): string {
  if (verb === "lie") return "lying";
  if (/[^eo]e$/.test(verb) && verb !== "be") return `${verb.slice(0, -1)}ing`;
  return `${double(verb)}ing`;
}

function double(verb: string): string {
  return doubled.has(verb) ? verb + verb.slice(-1) : verb;
}

function withS(word: string): string {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function pairs(source: string): ReadonlyMap<string, string> {
  return new Map(source.split(",").map((pair) => pair.trim().split(" ") as [string, string]));
}
