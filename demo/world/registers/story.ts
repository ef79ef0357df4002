import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Little stories: a person, an animal, a lost thing, a friend, and what they feel. */
export const story = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:The {treasure} of {home:town}>¶¶Once there was {a} {temperament} {A.child} named {A}. {A.He} lived with {A.his} {elder:elder-female} in {home}, in {a} {size} {home2:dwelling} near the {wild:landscape}. {A.His} best friend was {a} {coat:colour} {pet:pet} named {petname:petname}.
  {A} was {a} {temperament} {A.child} who lived in {home:town} with {A.his} {elder:elder-female}. Every {part-of-day} {A.he} walked along the {wild:landscape} with {petname:petname}, {A.his} {coat:colour} {pet:pet}. They lived in {a} {home2:dwelling}.
  Many years ago, in the town of {home:town}, {a} {size} {A.child} named {A} had {a} {coat:colour} {pet:pet}. The {pet} was named {petname:petname}. {A.His} {elder:elder-male} worked in the {home2:dwelling} by the {wild:landscape}.
  {When}, {A} found {a} {coat:colour} {pet:pet} {near}. "I will name you {petname:petname}," {A.he} said. {A.He} took the {pet} home to {A.his} {elder:elder-female}, who lived in {home:town}, between the {home2:dwelling} and the {wild:landscape}.
elder-female:
  | mother | grandmother | aunt | sister
elder-male:
  | father | grandfather | uncle | brother
petname:
  Biscuit
  Pepper
  Shadow
  Muffin
  Whiskers
  Ginger
  Patch
  Button
  Nutmeg
  Comet
body:
  {event}
  {event}
  {event}
  {trouble}
  {feelings}
  {talk}
  ¶¶{event}
  ¶¶{meeting}
  ¶¶{talk}
event:
  {When}, {A} {motion.ed} to the {wild} to look for {treasure.s}.
  {A} and {petname} {motion.ed} through {spot}. The {pet} was {fear-adjective}, but {A} was not.
  {A} opened {a} {look} {furniture} and found {a} {look} {lost:treasure} inside.
  {A.His} {elder} gave {A.him} {a} {look} {clothing} and {few} {fruit.s}.
  They saw {few} {wild-animal.s} {near}. The {wild-animal.s} did not move.
  The {weather-noun} was strong that {part-of-day}, so {A} put on {A.his} {colour} {clothing} and stayed in the {room}.
  {petname} ran after {a} {wild-animal} and came back with {a} {plant:greenery} in its mouth.
  {A} sat down {near} and ate {a} {dish} with {A.his} {elder}. It was {part-of-day}, and the {weather-noun} was gone.
  At the {home2} {A.he} met {a} {job}, who was carrying {a} {look} {tool}.
  {A.He} washed {A.his} {body-part.s}, put on {A.his} {clothing} and {motion.ed} out of the {room}.
  All {part-of-day} {A.he} worked in the {room} with {a} {tool} and {a} {tool}.
  {A} climbed the {tree} because {A.he} wanted to see the {landscape}. From there {A.he} could see {few} {building.s}.
  "Look, {petname}, {a} {wild-animal}!" {speech-verb.ed} {A}. The {pet} lifted its {animal-part} and {motion.ed} away.
  {A.He} counted the {treasure.s}: {few} on the {furniture} and {few} under the {furniture}.
  {A} played {a} {music-noun} on the {instrument}, and everyone in the {home2} listened.
  {A.He} planted {a} {flower} in the garden and gave it water every {part-of-day}.
trouble:
  But {A} lost {A.his} {lost:treasure}. {A.He} looked under the {furniture}, behind the {furniture} and in the {room}, but it was not there.
  Then {A} fell and hurt {A.his} {body-part}. {petname} licked {A.his} {body-part} until {A.he} smiled again.
  Suddenly there was {weather-noun} over the {wild}, and {A} could not find the way home. {A.He} was {fear-adjective}.
  {petname} did not come back that {part-of-day}. {A} called and called, but nobody answered. {A.He} felt {sadness-adjective}.
  {A} broke the {thing} of {A.his} {elder}. {A.He} was too {fear-adjective} to tell anybody.
  {a} {wild-animal} stole the {dish}, and {A} was {anger-adjective}.
  {B} took the {lost:treasure} without asking. {A} was {anger-adjective} and did not speak to {B.him} for {few} days.
feelings:
  {A} was {joy-adjective}, and so was {A.his} {elder}.
  {A} felt {sadness-adjective} because {petname} was ill.
  {A.He} was {fear-adjective} at first, but then {A.he} laughed.
  {B} was {feeling} when {B.he} heard about it, and {A} was {feeling} too.
  {A} could not sleep that night. {A.He} was too {feeling}.
  "I have never been so {feeling}," {A.he} {speech-verb.ed}.
  Nobody was more {feeling} than {A}.
  {A.His} {body-part} was full of {feeling-noun}.
talk:
  "Where is {petname}?" {ask-verb.ed} {A.his} {elder}. "The {pet} is in the {room}," {A} {speech-verb.ed}.
  "Why are you so {feeling}?" {A.his} {elder} {ask-verb.ed}. "Because I lost my {lost:treasure}," {A} {speech-verb.ed}.
  "I am not {fear-adjective}," {A} {speech-verb.ed} {manner}. "We can go home {hour:part-of-day} or night."
  "Do not touch the {furniture}," {speech-verb.ed} {A.his} {elder}. "It is very {age-adjective}."
  "You must be brave, {A}," {A.his} {elder} {speech-verb.ed}. "I am always with you."
  "May I keep the {pet}?" {A} asked. "Yes, but you must feed it every {part-of-day}," {speech-verb.ed} {A.his} {elder}.
meeting:
  On the way {A} met {B}, {a} {temperament} {B.child} with {a} {colour} {clothing}. {B} was {a} friend of the {job}. "Have you seen my {pet}?" asked {A}. "No," {B.he} said, "but I will help you look for it."
  {B} came to the {home2} with {a} {look} {thing}. {B.He} {speech-verb.ed} that {B.his} {family-member} was waiting in {town}. {A} and {B} {motion.ed} there together.
  {a} {job} named {B} stood {near}. {B.His} {clothing} was {colour}, and {B.his} {body-part.s} were {size}. "Are you lost?" {B.he} asked {manner}.
  In the {building} sat {a} {size} {any-animal}. It looked at {A} and did not say a word. {A} {motion.ed} {manner} past it.
close:
  ¶¶In the end {A} found the {lost:treasure} {near}. {A.He} was {joy-adjective}, {petname} wagged its {animal-part}, and {A.his} {elder} made {a} {dish} for everyone.
  ¶¶That night {A} lay in {A.his} bed with {petname} beside {A.him}. The {weather-noun} was over, and {A.he} was not {fear-adjective} any more.
  ¶¶From that day on, {A} and {petname} went to the {wild} every {weekday}. And if they have not stopped, they still go there.
  ¶¶{A} told {A.his} {elder} everything. "I am {joy-adjective} that you are safe," {speech-verb.ed} {A.his} {elder}, and gave {A.him} {a} {fruit}.
`),
);
