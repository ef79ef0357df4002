import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Two people who talk, written as a play: name, colon, words. */
export const dialogue = joinGrammars(
  common,
  parseGrammar(`
open:
  {A}: Hello, {B}! How are you?¶{B}: I am {mood:feeling}, thank you. And you?¶{A}: A little {feeling}. I am looking for {a} {colour:colour} {wanted:thing}.¶
  {A}: Good {part-of-day}, {B}. Do you have time?¶{B}: Yes, until {clock}. What is it?¶{A}: It is about the {colour:colour} {wanted:thing} of my {family-member}.¶
  {A}: {B}, where did you put my {wanted:thing}?¶{B}: Which one? The {colour:colour} one?¶{A}: Yes, the {colour} one. I am not {feeling}, I only want it back.¶
  {A}: Who is there?¶{B}: It is me, {B}. Please open the door!¶{A}: Why are you so {mood:feeling}?¶{B}: Because I cannot find my {colour:colour} {wanted:thing}.¶
body:
  {A}: {ask-place}¶{B}: {answer-place}¶
  {A}: {ask-why}¶{B}: {answer-why}¶
  {B}: {ask-count}¶{A}: {answer-count}¶
  {B}: {ask-yes}¶{A}: {answer-no}¶
  {A}: {ask-yes}¶{B}: {answer-yes}¶
  {B}: {remark}¶{A}: {reaction}¶
  {A}: {ask-price}¶{B}: {answer-price}¶
  {B}: {ask-when}¶{A}: {answer-when}¶
ask-place:
  Where did you see the {wanted}?
  Where does your {family-member} live?
  Where are you going {hour-word}?
answer-place:
  In {spot}, {near}.
  Behind the {building}, I think.
  In {town}, not far from the {building}.
  I do not know. Perhaps in the {room}.
ask-why:
  Why is {C} so {feeling}?
  Why did you not call me?
  Why do you need {a} {tool}?
answer-why:
  Because {C} lost {C.his} {treasure}.
  Because my {body-part} hurts.
  Because there was {weather-noun} on the road.
  Because {C.he} said so.
ask-count:
  How many {fruit.s} do we have?
  How many {any-animal.s} did you count?
  How old is your {family-member}?
answer-count:
  {amount}, I think. No, {amount}.
  Only {few}.
  More than {dozen}.
ask-yes:
  Can you help me with the {furniture}?
  Do you like {dish}?
  Have you ever been to {country}?
  Did {C} find the {wanted}?
  Is that your {any-animal}?
  Will you come to the {building} with me?
answer-yes:
  Yes, of course.
  Yes, but only on {weekday}.
  Yes, {C} told me.
  Certainly. I would love to.
answer-no:
  No, never.
  No, I have not.
  No, nobody told me.
  I am afraid not.
  Not {hour-word}, I have no time.
remark:
  My {family-member} bought {a} {look} {thing} yesterday.
  {C} is {a} {job} now. {C.He} works in {a} {building} in {city}.
  The {weather-noun} is terrible today.
  I hear that {C} has {a} new {pet}.
  Your {clothing} is beautiful. I love the colour {colour}.
reaction:
  How wonderful!
  I am {feeling} to hear that.
  That is not true!
  Thank you. You are very kind.
  Really? I did not know.
ask-price:
  How much did the {thing} cost?
  What do I owe you for the {dish}?
answer-price:
  {money}, if I remember.
  About {money}. It was not cheap.
  Nothing. It was {a} gift.
ask-when:
  When does the {vehicle} leave?
  When is your {school-thing}?
answer-when:
  At {clock}, I think.
  On {date}.
  {hour-word}, at {clock}.
close:
  {A}: Look, there is the {wanted}, {near}!¶{B}: The {colour} one! I am so {joy-adjective}.¶
  {A}: I have to go now. Goodbye, {B}!¶{B}: <farewell:Goodbye>, {A}. See you on {weekday}!¶
  {B}: Thank you for your help, {A}.¶{A}: You are welcome. <farewell:Good night!>¶
`),
);
