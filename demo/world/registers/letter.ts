import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Letters on paper: private and business, with dates and sums. */
export const letter = joinGrammars(
  common,
  parseGrammar(`
open:
  {home:town}, {date}¶¶<greeting:Dear {B},>¶¶Thank you for your letter of {date}. I was {joy-adjective} to hear that your {family-member} is well again. Here in {home} everything is {season:season}.
  {home:town}, {date}¶¶<greeting:Dear {B.title},>¶¶I am writing to you about the {goods:thing} that I ordered on {date}. I paid {price:money}, but it has not arrived.
  {home:town}, {date}¶¶<greeting:Dear {B.title},>¶¶We thank you for your order of {#2-12} {goods:treasure.s}. The price is {price:money} each, and the {vehicle} leaves {city} on {date}.
  {city}, {date}¶¶<greeting:My dear {family-member},>¶¶I have been in {country} for {few} weeks now. I live with {B}, {a} {temperament} {job}, and I have learned to cook {dish}.
body:
  {private}
  {private}
  {business}
  {business}
  ¶¶{private}
  ¶¶{business}
private:
  Do you remember {C}? {C.He} has become {a} {job} and lives in {city}.
  Last {weekday} we took the {vehicle} to {town}. It cost only {money}.
  The {flower.s} in our garden are {colour} this year, and the {fruit.s} are {superlative}.
  Please tell your {family-member} that I have not forgotten the {treasure}.
  I send you {money} for the {clothing}. Buy {a} {colour} one!
  My {pet} had {a} {illness}, but the doctor says that there is no danger.
  I was {feeling} when I heard about {C}. Please write to {C.him}.
  When will you visit us? The {landscape} is beautiful in {month}.
  We do not have much {weather-noun} here, but I always carry my {clothing}.
business:
  On {date} I sent you a cheque for {large-sum}. Have you received it?
  The bill of {date} comes to {large-sum}. Please pay before {date}.
  Your {thing} was damaged. We will return {money} to you by {weekday}.
  The rent is {large-sum} {a} month and must be paid on the {ordinal} day of every month.
  We cannot deliver before {month} because the {vehicle} broke down near {city}.
  I must ask you to send the {goods:thing} to {C.title}, {#2-99} {Tree} Street, {town}.
  We offer {few} {tool.s} for {money} and {dozen} for {money}.
  I owe you {money}: {money} for the {dish} and {money} for the {vehicle}.
close:
  ¶¶<farewell:Yours sincerely,>¶{A.full}
  ¶¶<farewell:With love,>¶{A}
  ¶¶<farewell:Best wishes from your friend>¶{A}
  ¶¶<farewell:Yours faithfully,>¶{A.title}
  ¶¶Give my love to everyone.¶¶<farewell:Yours,>¶{A}
`),
);
