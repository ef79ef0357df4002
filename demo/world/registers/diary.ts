import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Diaries: first person, dated entries, what happened and how it felt. */
export const diary = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:{weekday}, {#1-28} {month}>¶I am writing this in the {room} of our {house:dwelling} in {home:town}. Outside there is {weather-noun}. {friend:female-name} is asleep, and my {pet:pet} sits on my {body-part.s}.
  <heading:{month} {#1-28}>¶Dear diary, {hour-word} I am {feeling}. We came to {home:town} with my {family-member}, and {friend:male-name} gave me {a} {colour} {pet:pet}. It sleeps in the {house:dwelling}.
body:
  {entry}
  {entry}
  {entry}
  {mood}
  ¶¶<heading:{weekday}, {#1-28} {month}>¶{weather} {entry}
weather:
  {weather-noun} all {part-of-day}.
  {a} {weather-adjective} day.
  No {weather-noun} today, only {weather-noun}.
entry:
  I got up at {clock}, drank {a} cup of {drink} and went to the {building}.
  {friend} and I {motion.ed} to the {landscape} and counted {wild-animal.s}. We saw {amount}.
  My {pet} broke the {thing}. I was {anger-adjective}, but I could not stay {anger-adjective}.
  We ate {dish} with {vegetable.s}. I did not like the {vegetable.s}.
  I wrote {a} letter to my {family-member} in {city}. I have had no answer since {month}.
  In the {part-of-day} I read {a} book about {country}.
  I spent {money} on {a} {clothing} and {money} on {a} {dish}.
  At the {building} I met {a} {job} from {city}. We talked about {music-noun.s}.
  My {body-part} hurts. I hope that it is not {a} {illness}.
  I practised the {instrument} for {few} hours. My {family-member} said nothing.
  {friend} told me a secret. I must not write it here.
  We painted the {furniture} {colour}. Now our {body-part.s} are {colour} too.
mood:
  I am so {feeling} that I cannot sleep.
  I miss my {family-member}. I have never felt so {sadness-adjective}.
  Why am I always {feeling}?
  What {a} day! I was {feeling}, then {feeling}, and now I am only tired.
  I promised myself not to be {bad-feeling} any more.
  Tomorrow will be better.
close:
  ¶It is {clock} now. I must put out the lamp. Good night, diary.
  ¶I have nothing more to say. Perhaps I will write again on {weekday}.
  ¶{friend} is calling me. More tomorrow!
`),
);
