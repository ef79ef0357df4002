import { parseGrammar } from "../grammar.js";

/** Phrases that several registers share: dates, sums, times, feelings, places. */
export const common = parseGrammar(`
date:
  <date:{#1-28} {month} {#1960-2029}>
  <date:{#1-28} {month}>
  <date:{month} {#1-28}, {#1960-2029}>
  <date:{weekday}, {#1-28} {month}>
money:
  <money:£{#2-95}>
  <money:£{#2-48}.{#10-99}>
  <money:\${#5-900}>
  <money:{#2-80} euros>
  <money:{few} pounds>
  <money:{dozen} euros>
  <money:{#2-80} dollars>
large-sum:
  <money:£{#1-9},{#100-999}>
  <money:\${#2-60},{#100-999}>
  <money:{#200-990} euros>
  <money:{few} hundred pounds>
clock:
  <time:{few} o'clock>
  <time:{#1-12}:{#10-59}>
  <time:{#1-11} am>
  <time:{#1-11} pm>
  <time:half past {few}>
  <time:quarter to {few}>
  <time:quarter past {few}>
amount:
  {few}
  {dozen}
  {#11-99}
any-animal:
  {pet}
  {farm-animal}
  {wild-animal}
  {wild-animal}
feeling:
  {joy-adjective}
  {sadness-adjective}
  {fear-adjective}
  {anger-adjective}
bad-feeling:
  {sadness-adjective}
  {fear-adjective}
  {anger-adjective}
food:
  {fruit}
  {vegetable}
  {dish}
thing:
  {treasure}
  {tool}
  {clothing}
  {kitchen-tool}
  {instrument}
  {furniture}
look:
  {colour}
  {colour}
  {size}
  {age-adjective}
  {shape}
spot:
  the {building}
  the {landscape}
  the {room}
  the {building} in {town}
  {town}
family-member:
  {family-female}
  {family-male}
  {family-any}
when:
  one {weather-adjective} {part-of-day}
  one {season} {part-of-day}
  on {weekday}
  the next {part-of-day}
  early in the {part-of-day}
  at {clock}
  {few} days later
  a week later
  that {part-of-day}
near:
  near the {landscape}
  behind the {building}
  under the {tree}
  next to the {furniture}
  in front of the {building}
  among the {flower.s}
  at the edge of the {landscape}
  by the {landscape}
`);
