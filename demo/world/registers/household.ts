import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Recipes: ingredients first, then steps that use them. */
export const recipe = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:{Fruit:flavour} {dish:dish}>¶¶¶<heading:Ingredients>¶{ingredients}¶¶<heading:Method>¶Wash the {one:vegetable.s} and cut them into {size} pieces.
  <heading:{Name:title}>¶For {few} people. Takes <time:{#10-90} minutes>.¶¶{ingredients}¶¶Peel the {one:vegetable.s} and put them in {a} {pan:kitchen-tool}.
  <heading:How to make {dish:dish}>¶¶You need:¶{ingredients}¶¶First heat the {pan:kitchen-tool} and melt the {fat:dairy} in it.
flavour:
  {fruit}
  {vegetable}
  {spice}
title:
  {vegetable} {dish:dish}
  {meat} and {vegetable} {dish:dish}
  {spice} {dish:dish}
ingredients:
  {item-meat}¶{item-one}¶{item-two}¶{item-fat}¶{item-spice}
  {item-one}¶{item-two}¶{item-fat}¶{item-staple}¶{item-spice}
  {item-staple}¶{item-fat}¶{item-two}¶{item-meat}¶{item-one}¶{item-spice}
item-meat:
  - <measure:{#2-9}00 g> <ingredient:{meat:meat}>
  - <measure:{few} slices> of <ingredient:{meat:meat}>
item-one:
  - {few} {size} <ingredient:{one:vegetable.s}>
  - <measure:{#2-9}00 g> <ingredient:{one:vegetable.s}>
item-two:
  - {#2-6} <ingredient:{two:fruit.s}>
  - half {a} <ingredient:{two:fruit}>
item-fat:
  - <measure:{#2-9}0 g> <ingredient:{fat:dairy}>
  - <measure:{few} spoons> of <ingredient:{fat:dairy}>
item-staple:
  - <measure:{#1-5}00 g> <ingredient:{staple:staple}>
  - <measure:{few} cups> of <ingredient:{staple:staple}>
item-spice:
  - a pinch of <ingredient:{spice:spice}>
  - a little <ingredient:{spice:spice}> and <ingredient:salt>
body:
  {step}
  {step}
  {step}
  ¶{step}
step:
  Add the {one:vegetable.s} and fry them <time:for {few} minutes>.
  Stir in the {fat:dairy} {manner} with {a} {kitchen-tool}.
  Mix the {staple:staple} with the {fat:dairy} in {a} {size} bowl.
  Cut the {two:fruit.s} in half and take out the seeds.
  Pour in <measure:{#1-9}00 ml> of {drink} and bring it to the boil.
  Bake it at <measure:{#16-22}0 degrees> <time:for {dozen} minutes>.
  Season with {spice:spice} and salt. Do not use too much {spice}.
  Let the {dish} rest <time:for {few} minutes> before you cut it.
  Turn the {meat:meat} when it is {colour} on one side.
  Never let the {fat:dairy} boil.
  Put the {pan:kitchen-tool} in the oven until the top is {colour}.
  Sprinkle some {spice:spice} over the {two:fruit.s}.
  If the {dish} is too dry, add a little {drink}.
  Beat {few} eggs and fold them in {manner}.
close:
  ¶¶Serve the {dish} hot with {staple} and {a} glass of {drink}.
  ¶¶Eat it cold the next day. It keeps <time:for {few} days>.
  ¶¶Tip: you can use {fruit.s} instead of {two:fruit.s}.
`),
);

/** Lists with a theme: shopping, packing, tasks, rankings. */
export const list = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:Shopping list for {weekday}>¶¶{shopping}{shopping}{shopping}{shopping}{shopping}{shopping}{shopping}
  <heading:Things to pack for {country}>¶¶{packing}{packing}{packing}{packing}{packing}{packing}{packing}
  <heading:To do before {clock}>¶¶{task}{task}{task}{task}{task}
  <heading:Animals we saw at the {landscape}>¶¶{sighting}{sighting}{sighting}{sighting}{sighting}{sighting}
  <heading:My favourite colours, songs and places>¶¶{favourite}{favourite}{favourite}{favourite}{favourite}
  <heading:People in the {job} club>¶¶{member}{member}{member}{member}{member}
shopping:
  - <list-item:{few} {fruit.s}>¶
  - <list-item:{amount} {vegetable.s}>¶
  - <list-item:{dairy}>¶
  - <list-item:{meat}, {money}>¶
  - <list-item:{drink} and {staple}>¶
  - <list-item:{spice}>¶
  - <list-item:no {vegetable.s}!>¶
packing:
  - <list-item:{few} {clothing.s}>¶
  - <list-item:{a} {colour} {clothing}>¶
  - <list-item:{a} {tool}>¶
  - <list-item:{a} {school-thing} and {a} pen>¶
  - <list-item:{treasure} of {A}>¶
  - <list-item:{money} in cash>¶
task:
  * <list-item:call {A}>¶
  * <list-item:feed the {pet}>¶
  * <list-item:buy {a} {clothing} for {B}>¶
  * <list-item:clean the {room}>¶
  * <list-item:repair the {furniture} with {a} {tool}>¶
  * <list-item:pay {money} to {B.title}>¶
  * <list-item:do not forget the {treasure}>¶
sighting:
  - <list-item:{few} {wild-animal.s}>¶
  - <list-item:{a} {colour} {insect}>¶
  - <list-item:{amount} {farm-animal.s}>¶
  - <list-item:{a} {size} {wild-animal}>¶
favourite:
  {#1-9}. <list-item:{colour}, like {a} {flower}>¶
  {#1-9}. <list-item:{town} in {season}>¶
  {#1-9}. <list-item:{a} {music-noun} for {instrument}>¶
  {#1-9}. <list-item:{dish} with {fruit.s}>¶
member:
  - <list-item:{person-entry}>¶
person-entry:
  {female-name} {surname}, {#18-80}, {town}
  {male-name} {surname}, {#18-80}, {town}
body:
  ¶<heading:Shopping>¶{shopping}{shopping}{shopping}{shopping}
  ¶<heading:Packing>¶{packing}{packing}{packing}{packing}
  ¶<heading:Tasks>¶{task}{task}{task}{task}
  ¶<heading:Animals>¶{sighting}{sighting}{sighting}{sighting}
  ¶<heading:Names>¶{member}{member}{member}
  ¶<heading:Numbers>¶- <list-item:{number-row}>¶- <list-item:{number-row}>¶
  ¶<heading:Days>¶- <list-item:{weekday}: {task-short}>¶- <list-item:{weekday}: {task-short}>¶- <list-item:{weekday}: {task-short}>¶
task-short:
  {sport} at {clock}
  {school-subject}
  {instrument} lesson
  nothing
  {building} with {A}
number-row:
  {few}, {few}, {dozen}, {dozen}
  {#1-9}, {#10-19}, {#20-39}, {#40-99}
  {ordinal}, {ordinal}, {ordinal}
close:
  ¶Written by {A} on {date}.
  ¶That is all.
  ¶Total: {money}
`),
);

/** The market: goods, prices, bargaining. */
export const market = joinGrammars(
  common,
  parseGrammar(`
open:
  On {weekday} {A.title}, {a} {job}, went to the market in {home:town} with {purse:money} in {A.his} {clothing}. {A.He} wanted to buy {a} {colour} {want:thing} for {A.his} {family-member}.
  The market of {home:town} opens at {clock}. {A.full} sells {one:fruit.s} and {two:vegetable.s} there, and {B} sells {want:treasure.s} for {price:money} each.
body:
  {sentence}
  {sentence}
  {sentence}
  ¶¶{sentence}
sentence:
  {a} {fruit} costs {money}, and {a} {vegetable} costs {money}.
  "How much is the {want}?" {A} asked. "{Money}," {speech-verb.ed} the seller.
  "That is too much," {speech-verb.ed} {A}. "I will give you {money} for it."
  {A} paid {money} and got {money} back.
  The {farm-animal.s} were sold for {large-sum}, and the {farm-animal} for {money}.
  {B} had only {money} left, so {B.he} could not buy the {clothing}.
  {few} {fruit.s} and {few} {vegetable.s} made {money} together.
  "I have no change," {B} {speech-verb.ed}. "Do you have {a} coin?"
  The prices are {comparative} than in {city}.
  {A} sold {A.his} {furniture} for {large-sum} because {A.he} needed the money.
  The {job} bought {amount} {tool.s} and did not pay for them.
  Nobody wanted the {look} {thing}, not even for {money}.
  {B} saved {money} every week until {B.he} could buy {a} {vehicle} for {large-sum}.
  At {clock} the market closed, and {A} counted the money: {large-sum}.
close:
  ¶¶In the evening {A} came home with the {want}. It had cost {money}, and {A.he} was {feeling}.
  ¶¶It was {a} good day for the market of {home}.
`),
);
