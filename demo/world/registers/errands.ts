import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Visits to the doctor: complaints, body parts, advice. */
export const doctorVisit = joinGrammars(
  common,
  parseGrammar(`
open:
  {A.title} came to see Doctor {B.surname} at {clock}. "What is the matter?" the doctor asked. "My {part:body-part} hurts," {A.he} {speech-verb.ed}. "I have had {a} {ill:illness} since {weekday}."
  Doctor {B.surname} works at the hospital in {town}. On {weekday} {a} {job} named {A} came with {a} {ill:illness} and {a} red {part:body-part}. {A.He} was {fear-adjective}.
body:
  {sentence}
  {sentence}
  {sentence}
  {sentence}
  ¶¶{sentence}
sentence:
  "Does it hurt when I touch your {part}?" asked Doctor {B.surname}. "Yes, very much," said {A}.
  The nurse put {a} bandage around {A.his} {part}.
  "Take this medicine {few} times {a} day for {few} days," {speech-verb.ed} {B.surname}.
  {A.His} temperature was <measure:{#36-40}.{#1-9} degrees>.
  "You must not {motion} for {few} weeks," {speech-verb.ed} the doctor.
  "I fell from {a} {ladder:furniture} and hit my {body-part}," {A} explained.
  The {ill} had begun in the {body-part} and gone on to the {body-part}.
  The doctor looked at {A.his} {body-part}, {A.his} {body-part} and {A.his} {part}.
  "Open your mouth, please. Your {body-part} is {colour}," {B.he} {speech-verb.ed}.
  {A} could not move {A.his} {body-part.s} and was {bad-feeling}.
  "It is nothing serious, only {a} {illness}," {speech-verb.ed} the doctor {manner}.
  "Drink {drink}, eat {a} {dish} and stay in bed until {weekday}," {B.he} {speech-verb.ed}.
  In the waiting room sat {few} people with {illness.s} and {a} child with {a} {body-part} in plaster.
  The visit cost {money}, and the medicine {money}.
  "Are you allergic to {fruit.s}?" asked the nurse. {A} shook {A.his} head.
close:
  ¶¶{few} days later the {ill} was gone, and {A} was {joy-adjective}.
  ¶¶"Come back on {weekday} if your {part} is not better," said Doctor {B.surname}.
`),
);

/** Journeys: vehicles, stations, borders, and what was seen. */
export const travel = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:From {from:city} to {to:city}>¶¶We left {from} on {date} by {ride:vehicle}. The ticket cost {money}. {A}, our guide, said that we would arrive in {to} at {clock}.
  <heading:{few} days in {land:country}>¶¶Our {ride:vehicle} reached {to:city} in the {weather-noun}. {A} carried the bags, and I looked for the {house:building}. We came from {from:city}.
  {A} and {B} travelled from {from:city} to {to:city} by {ride:vehicle}. They had {few} bags, {a} {treasure} and only {money}.
body:
  {sentence}
  {sentence}
  {sentence}
  {foreign}
  ¶¶<heading:{ordinal} day.> {sentence}
sentence:
  The {ride} stopped in {town} for {few} hours because of {weather-noun}.
  In {city} we slept in {a} {size} hotel next to the {building}. {a} room cost {money}.
  From the {ride} we saw {a} {landscape}, {few} {building.s} and {wild-animal.s}.
  {A} lost {A.his} passport in the {building}, and we had to go to the police.
  Turn <direction:left> at the {building} and then <direction:right> at the {tree.s}, {a} {job} told us.
  The {building} of {to} was built of {material} in {#1100-1900}.
  We walked <measure:{#2-30} kilometres> to the {compass} until our {body-part.s} hurt.
  At the border of {country} {a} soldier asked, "Where do you come from?"
  We ate {dish} with {spice} and drank {drink}. I have never eaten anything {comparative}.
  The next {vehicle} to {city} did not leave until {clock}.
  {A} bought {a} {colour} {clothing} for {money} at the market.
  The people of {country} were {temperament} and {temperament}.
  I sent {a} card to my {family-member} in {town}.
foreign:
  {a} {adult} at the {building} said, "<french:{french-phrase}>" We understood nothing.
  "<french:{french-phrase}>" said the waiter, and {A} laughed.
  Over the door was written: <german:{german-phrase}>
  "<german:{german-phrase}>" {speech-verb.ed} the driver in German.
adult:
  {job}
french-phrase:
  Bonjour, vous désirez?
  Je ne parle pas anglais.
  C'est combien?
  La gare est à gauche.
  Merci beaucoup, bonne journée!
  Il fait très beau aujourd'hui.
german-phrase:
  Guten Tag, was möchten Sie?
  Ich spreche kein Englisch.
  Der Bahnhof ist links.
  Bitte nicht rauchen.
  Vielen Dank und gute Reise!
  Heute ist das Wetter schön.
close:
  ¶¶On {date} we came home to {from}, tired but {joy-adjective}.
  ¶¶I will never forget {to} and its {landscape}.
`),
);

/** How to get somewhere, and how to do something, step by step. */
export const instructions = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:How to find the {goal:building}>¶¶Start at the {from:building} in {place:town} and go {way:compass} for <measure:{#2-9}00 metres>.
  <heading:How to repair {a} {broken:furniture}>¶¶You will need {a} {one:tool}, {few} nails and some {stuff:material}. First put the {broken} on the floor.
body:
  {step}
  {step}
  {step}
  ¶{step}
step:
  Turn <direction:left> at the {building} and cross the {landscape}.
  Turn <direction:right> behind the {colour} {building}.
  Go straight on until you see {a} {size} {tree}.
  Do not take the road to the {compass}. It ends at {a} {landscape}.
  Walk past the {building}, then <direction:down> the hill.
  Go <direction:up> the stairs and <direction:through> the {ordinal} door on the <direction:right>.
  The {building} is on the <direction:left>, opposite the {building}.
  Ask for {A.title}, the {job}, if you cannot find it.
  Cut the {material} with {a} {tool} and clean it.
  Hold the {tool} in your <direction:right> hand and the {tool} in your <direction:left>.
  Paint it {colour} and let it dry for {few} hours.
  If the {furniture} does not stand straight, put {material} under one leg.
  Press {manner} and count to {few}.
  Never use {a} {tool} without {clothing.s}.
  It takes about <time:{#5-55} minutes>.
  Measure twice: <measure:{#10-90} centimetres> by <measure:{#10-90} centimetres>.
close:
  ¶You are there. It is open from {clock} to {clock}.
  ¶That is all. If it does not work, try again or call {a} {job}.
`),
);
