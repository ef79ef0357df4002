import { soon } from "../llm/pattern/pattern.js";
import { classNames } from "../llm/pattern/word-classes.js";

/** The tag of the line that holds the rule. */
export const patternTag = "[PATTERN]:";

/** How rules are written. `readPattern` takes what this says, and no more. */
export const patternGuide: readonly string[] = [
  "",
  'A rule is {"clauses": [...]}: it holds where any clause does. A clause is {"target": ..., and any of "before", "after", "at", "nearby", "also", "except"}.',
  "Strings in small letters match capitals too, except in tokens and regular expressions.",
  "target, one of:",
  '{"kind": "word", "words": ["cat", "dog"]}: whole words',
  '{"kind": "prefix", "parts": ["un"]}, {"kind": "suffix", "parts": ["ing"]}: words that begin or end so',
  '{"kind": "part", "parts": ["qu"], "place": "anywhere"}: letters or signs; place is anywhere, start, middle or end of a word',
  '{"kind": "token", "tokens": [" cat"]}: tokens exactly as they are listed, with their spaces and capitals',
  `{"kind": "regex", "source": "[0-9]+(st|nd)"}: a regular expression in RE2's syntax, without look-around and back-references`,
  '{"kind": "class", "name": "a number"}: a class of words, one of those below',
  "before, what stands before the target's word, one of:",
  '{"kind": "after", "words": ["of the"]}: these words directly before',
  '{"kind": "after-class", "name": "a number"}: a word of a class directly before',
  `{"kind": "soon-after", "words": ["not"], "within": ${soon}}: one of these among so many words and signs before`,
  '{"kind": "at-start", "of": "sentence"}: nothing; or "of": "line"',
  "after, what stands behind it, one of:",
  '{"kind": "before", "words": ["of"]}: these words directly behind',
  `{"kind": "soon-before", "words": ["than"], "within": ${soon}}: one of these among so many words and signs behind`,
  'at: {"from": 0, "to": 3}: only at these positions of the context, in tokens from 0',
  'nearby: ["recipe"]: one of these words anywhere in the same text',
  "also, except: lists of clauses; places only where one of them holds too, or where none does",
  `Classes: ${classNames.join("; ")}.`,
];
