import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Weather reports: place, temperature, wind, what comes next. */
export const weatherReport = joinGrammars(
  common,
  parseGrammar(`
degrees:
  <measure:{#1-35} degrees>
  <measure:{#1-35} degrees>
  <measure:minus {#1-15} degrees>
open:
  <heading:Weather for {place:town}, {weekday}>¶¶{Weather-noun} in the {part-of-day}, with {weather-noun} over the {land:landscape} later. The highest temperature will be {degrees}.
  <heading:Forecast, {date}>¶¶{a} {weather-adjective} {weekday} is expected in {place:town} and along the {land:landscape}. At {clock} it was {degrees}.
  Good {part-of-day}, here is the weather for {place:town} and the {land:landscape} in the {compass}. Today began with {weather-noun} and {degrees}.
body:
  {sentence}
  {sentence}
  {sentence}
  ¶¶<heading:{weekday}:> {sentence}
sentence:
  The wind will blow from the {compass} at <measure:{#5-90} kilometres per hour>.
  In the {compass} there will be {weather-noun}, in the {compass} {weather-noun}.
  Temperatures will fall to {degrees} during the night.
  Temperatures climb to {degrees} by {clock}.
  {Weather-noun} will move from {city} towards {city} during the {part-of-day}.
  Drivers near {place} should be careful because of {weather-noun} and {weather-noun}.
  It will be {comparative} than yesterday, but not as {weather-adjective} as last week.
  About <measure:{#2-60} millimetres> of rain fell in {place} on {weekday}.
  There is a warning of {weather-noun} for the {land} until {clock}.
  No {weather-noun} is expected before {weekday}.
  The sun rises at <time:{#4-8}:{#10-59}> and sets at <time:{#16-21}:{#10-59}>.
  {weekday} will be {weather-adjective}, {weekday} {weather-adjective} and mostly dry.
  Snow covered the {landscape} above <measure:{few} hundred metres>.
  This was the {superlative} {month} in {place} since {#1900-2020}.
  Take {a} {clothing} with you if you go to the {landscape}.
close:
  ¶The next report follows at {clock}.
  ¶For {place} and the {land}, that was the weather. Have {a} good {part-of-day}!
  ¶The outlook for {weekday}: {weather-adjective}, {degrees}.
`),
);

/** Sports reports: two teams, scores, who scored when. */
export const sportReport = joinGrammars(
  common,
  parseGrammar(`
open:
  <heading:{game:sport}: {home:side-one} {final:score} {guest:side-two}>¶¶{home} won against {guest} in {place:town} on {weekday}. {amount} hundred people watched the {game} match.
  <heading:Late goal saves {guest:side-two}>¶¶The {game:sport} match between {home:side-one} and {guest} ended {final:score} on {date}. It was played in {place:town} in the {weather-noun}.
  <heading:Results of {weekday}>¶¶{home:side-one} {final:score} {guest:side-two}¶{side-three} {score} {side-four}¶{side-five} {score} {side-six}¶¶The {game:sport} fans of {home} in {place:town} sang all night.
side-one:
  <team:{town} {team-word}>
side-two:
  <team:{town} {team-word}>
  <team:{city} {team-word}>
side-three:
  <team:{town} {team-word}>
side-four:
  <team:{city} {team-word}>
side-five:
  <team:{town} {team-word}>
side-six:
  <team:{city} {team-word}>
score:
  <sport-score:{#0-5}-{#0-4}>
  <sport-score:{#0-5}-{#0-4}>
  <sport-score:{#10-98}-{#10-98}>
body:
  {sentence}
  {sentence}
  {sentence}
  ¶¶{sentence}
sentence:
  {A.full} scored the {ordinal} goal in the <time:{ordinal} minute>.
  After {few} minutes {B.surname} hit the post with {B.his} {body-part}.
  At half time it was {score}.
  {guest} lost {B}, who hurt {B.his} {body-part} and had to leave the field.
  The goalkeeper, {C.full}, did not make a single mistake.
  "We played {comparative} than last week," coach {D.surname} {speech-verb.ed}. "I am {joy-adjective}."
  "We were never in the game," {speech-verb.ed} {B.surname}, who was {bad-feeling} after the match.
  {home} have now won {few} of their last {few} matches.
  In the {ordinal} half {guest} were {comparative} and {comparative}.
  It was the {superlative} win of {home} since {#1960-2015}.
  On {weekday} {guest} play {side-three} in {city}.
  {A} passed the ball to {C}, and {C.he} scored with {C.his} {left:side} foot.
  The referee showed {B.surname} {a} {colour} card, and the fans were {anger-adjective}.
  {home} bought {A.surname} for {large-sum} last {season}.
  {A}, only {#17-39} years old, is the {superlative} player in the team.
  The {ordinal} set ended <sport-score:{#6-7}-{#0-5}>, the {ordinal} one <sport-score:{#6-7}-{#0-5}>.
close:
  ¶¶{home} are now in {ordinal} place with {#10-80} points, and {guest} are {ordinal}.
  ¶¶The teams meet again in {place} on {date}.
  ¶¶Final score: {home} {final} {guest}.
`),
);
