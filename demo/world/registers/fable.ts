import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Fables: animals that talk, a plan that fails, a lesson. */
export const fable = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:The {one:wild-animal} and the {two:wild-animal}>¶¶{a} {temperament} {one} once lived in {a} {home:landscape}. Not far away lived {a} {size} {two}. The {one} had {a} {want:food}, and the {two} had none.
  In {a} {home:landscape} far away there lived {a} {temperament} {one:wild-animal} and {a} {size} {two:farm-animal}. Both of them loved {want:fruit.s}, but neither wanted to share.
  Long ago the {one:wild-animal} and the {two:insect} were friends. In {season} the {two} worked from dawn to dusk, but the {one} only slept under {a} {tree} by the {home:landscape} and dreamed of {want:dish.s}.
body:
  {step}
  {step}
  {speech}
  {speech}
  ¶¶{step}
step:
  One {weather-adjective} {part-of-day} the {one} {motion.ed} to the {home} and saw the {two} {near}.
  The {two} hid behind {a} {tree} and waited {manner}.
  The {one} shook its {animal-part} and {motion.ed} away.
  Soon {a} {third:wild-animal} came along and asked for {a} {food}.
  The {one} was {bad-feeling}, but it did not say so.
  The {two} was {joy-adjective} and danced on its {few} {animal-part.s}.
  There was {weather-noun} for {few} days, and nobody could find anything to eat.
  The {one} ate until its stomach hurt. It ate {few} {fruit.s} and {few} {vegetable.s}.
  {a} {insect} laughed at the {one}, but the {two} did not laugh.
  The {two} fell into the {landscape} and could not climb out.
  The {one} pulled with its {animal-part.s} and its teeth, but it was not strong enough.
  Then all the {wild-animal.s} of the {home} came together under the {tree} to choose a king.
  They ran {a} race around the {landscape}. The {one} was faster, but it stopped to sleep.
speech:
  "Good morning, {two}," {speech-verb.ed} the {one}. "What beautiful {animal-part.s} you have!"
  "Why do you work all day?" asked the {one}. "Because winter will come," {speech-verb.ed} the {two}.
  "I am {comparative} than you," {speech-verb.ed} the {two} {manner}. "You are not," {speech-verb.ed} the {one}.
  "Help me, and I will give you {few} {food.s}," {speech-verb.ed} the {two}.
  "I never {motion} before noon," the {one} {speech-verb.ed}.
  "Who is the {superlative} of us all?" {ask-verb.ed} the {two}. Nobody answered.
  "You must not eat that {food}!" {speech-verb.ed} the {one}. "It belongs to the {wild-animal}."
  "If you had asked me," {speech-verb.ed} the {one}, "I would have shared."
close:
  ¶¶So the {one} went home hungry, and the {two} kept the {want}. The lesson: do not {motion} before you look.
  ¶¶From that day the {one} and the {two} shared everything. The lesson: {a} friend is better than {a} {treasure}.
  ¶¶The {two} laughed no more. The lesson: those who are {temperament} should not be {temperament} as well.
  ¶¶And the {one} learned that nobody is too {size} to help.
`),
);
