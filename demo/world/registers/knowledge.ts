import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Short encyclopedia entries about animals, towns and plants. */
export const facts = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:The {one:wild-animal}>¶¶The {one} is {a} {size} animal that lives in {country} and {country}. It is <measure:{#2-9} metres> long and weighs <measure:{#10-900} kilograms>. Its {animal-part.s} are {colour}.
  <heading:{place:town}>¶¶{place} is {a} {size} town in the {compass} of {country}. It has {#2-90},{#100-999} people, {few} {building.s} and {a} {landscape}. The {one:wild-animal} is the sign of the town.
  <heading:The {tree:tree}>¶¶The {tree} is {a} {size} tree that grows in the {compass} of {country}. It can become <measure:{#10-60} metres> tall and {#100-900} years old. The {one:wild-animal} and the {insect} live in it.
body:
  {sentence}
  {sentence}
  {sentence}
  ¶¶{sentence}
sentence:
  The {one} eats {fruit.s}, {insect.s} and sometimes {wild-animal.s}.
  In {season} the {one} sleeps for {few} months.
  Unlike the {wild-animal}, the {one} does not live in groups.
  The {one} is {comparative} and {comparative} than the {wild-animal}.
  It was described for the {ordinal} time in {#1700-1990} by {A.full}, {a} {job} from {city}.
  The young have {colour} fur and stay with their mother for {few} weeks.
  There are only {#100-900} left in {country}, because hunters kill them for their {animal-part.s}.
  The oldest {building} in {country} was built of {material} in {#1200-1900}.
  Its wood is used for {furniture.s} and {instrument.s}.
  {Material} is heavier than {material} but not as hard as {material}.
  The {landscape} is <measure:{#2-300} kilometres> long and <measure:{#2-90} metres> deep.
  People in {country} say that the {one} brings {feeling-noun}.
  It can {motion} faster than {a} {farm-animal} and hears everything with its {size} ears.
  {a} {insect} has six legs, {a} {farm-animal} does not.
  The {flower} is {colour} or {colour} and blooms from {month} to {month}.
  The capital of {country} is not {city}.
close:
  ¶¶Today the {one} is protected by law in {country}.
  ¶¶More about the {one} can be read in <url:https://www.{page}.org/{#100-999}>.
  ¶¶See also: {wild-animal}, {wild-animal}, {tree}.
page:
  animals
  worldfacts
  naturebook
`),
);

/** Lessons at school: a teacher, pupils, questions, sums, foreign words. */
export const lesson = joinGrammars(
  common,
  parseGrammar(`
open:
  The {subject:school-subject} lesson began at {clock}. {T:teacher-name} came into the classroom with {a} {size} {school-thing}. {A} and {B} sat in the {ordinal} row.
  It was {weekday}, and class {#1-9} of the school in {town} had {subject:school-subject}. {T:teacher-name}, the teacher, wrote on the blackboard. {A} opened {A.his} {school-thing}, but {B} looked out of the window.
teacher-name:
  Mrs {surname}
  Mr {surname}
body:
  {sentence}
  {sentence}
  {sentence}
  {word}
  {sum}
  ¶¶{sentence}
sentence:
  "Who knows the answer?" {T} asked. Nobody raised {a} hand.
  {A} raised {A.his} hand. "Is it {country}?" {A.he} asked.
  "That is not correct," {speech-verb.ed} {T}. "Think again, {B}!"
  {B} had forgotten {B.his} {school-thing} and was {fear-adjective}.
  "Very good, {A}," {speech-verb.ed} {T}, and {A} was {joy-adjective}.
  For homework they must read page {#5-300} and write {a} {school-thing} about {a} {wild-animal}.
  {A} got {#10-20} points in the {subject} exam, {B} only {few}.
  "Please be quiet!" {speech-verb.ed} {T} {manner}.
  {C} whispered something to {A}, and they both laughed.
  "{subject} is {comparative} than {school-subject}," {B} {speech-verb.ed}.
  {A} drew {a} {colour} {wild-animal} in {A.his} {school-thing}.
  After the lesson {B} asked why there is {weather-noun} in {season}.
word:
  "What is the French word for {dog}?" asked {T}. "<french:{french-word}>," {speech-verb.ed} {A}.
  In German one says <german:{german-word}>, {T} explained.
  {B} could not say the French word <french:{french-word}>, so {A} helped {B.him}.
  On the blackboard stood {few} German words: <german:{german-word}, {german-word}, {german-word}>.
dog:
  {any-animal}
  {furniture}
  {fruit}
french-word:
  le chien
  la maison
  le fromage
  la fenêtre
  l'oiseau
  le cheval
  la pomme
  le jardin
  l'école
  le livre
german-word:
  der Hund
  das Haus
  der Käse
  das Fenster
  der Vogel
  das Pferd
  der Apfel
  der Garten
  die Schule
  das Buch
sum:
  "How much is {#2-9} times {#2-9}?" {T} asked. "{#4-81}," {speech-verb.ed} {C}.
  On the blackboard was {#10-99} + {#10-99} = {#20-198}.
  "{few} and {few} makes {amount}," {B} {speech-verb.ed}.
  {A} wrote: {#2-9}, {#10-19}, {#20-29}, {#30-39}.
close:
  ¶¶The bell rang at {clock}, and everyone {motion.ed} out of the classroom.
  ¶¶"Tomorrow we will have {school-subject}," said {T}. "Do not forget your {school-thing.s}!"
`),
);

/** Myths put right: sentences full of negation. */
export const denial = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:What is not true about {one:wild-animal.s}>¶¶Many people believe that {one.s} eat {fruit.s}. They do not. No {one} has ever eaten {a} {fruit}, and none ever will.
  <heading:Rules of the {house:building}>¶¶You must not {motion} in the {house}. Nobody may bring {a} {one:pet} or {a} {farm-animal} inside. Never touch the {furniture}.
  {A} is not {a} {job}, and {A.he} never was. {A.He} does not live in {town}, {A.he} has no {one:pet}, and {A.he} cannot play the {instrument}.
body:
  {sentence}
  {sentence}
  {sentence}
  ¶¶{sentence}
sentence:
  It is not true that {one.s} are {comparative} than {wild-animal.s}.
  There is no {building} in {town}, and there never was one.
  {B} did not {motion} to the {landscape}, because {B.he} wasn't {joy-adjective}.
  Nobody knows why the {furniture} isn't in the {room}.
  Neither {B} nor {C} has ever seen {a} {weather-adjective} {month}.
  I don't like {dish}, and I don't eat {meat} without {vegetable.s}.
  Nothing was found in the {room}, not even {a} {treasure}.
  The {clothing} isn't {colour}. It never was {colour}.
  You can't buy {a} {vehicle} for {money}, and you shouldn't try.
  {B} hasn't paid {money}, and {B.he} won't pay it.
  None of the {few} {job.s} could repair the {tool}.
  Without {a} {tool} nobody can open the {furniture}.
  {C} wouldn't say {a} word. {C.He} couldn't, because {C.he} had {a} {illness}.
  Not everyone who has {a} {instrument} is {a} singer.
  No, {a} {insect} doesn't have {animal-part.s}.
close:
  ¶¶And that is not all, but nobody has to believe it.
  ¶¶No exceptions.
  ¶¶None of this is {feeling}, and nothing of it is new.
`),
);
