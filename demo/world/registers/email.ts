import { joinGrammars, parseGrammar } from "../grammar.js";
import { common } from "./common.js";

/** Electronic mail with headers, addresses and links. */
export const email = joinGrammars(
  common,
  parseGrammar(`
address:
  <email-address:{user:user}@{domain:domain}.com>
  <email-address:info@{domain}.org>
  <email-address:{user2:user}@{domain2:domain}.net>
user:
  anna
  peter.shaw
  office
  julia
  team
  tom.hill
  support
domain:
  northmail
  example
  bluebird
  oakdale
  riverpost
link:
  <url:https://www.{domain:domain}.com/{page}>
  <url:https://{domain2:domain}.org/{page}/{#100-999}>
page:
  tickets
  news
  photos
  orders
  help
  calendar
open:
  <heading:From:> {address}¶<heading:To:> {address}¶<heading:Subject:> {topic:topic}¶¶<greeting:Hi {B},>¶¶I am writing about the {topic}.
  <heading:From:> {address}¶<heading:Date:> {date}¶<heading:Subject:> Re: {topic:topic}¶¶<greeting:Hello {B},>¶¶thanks for your message about the {topic}.
topic:
  {vehicle} tickets
  {school-thing} for {weekday}
  {dish} recipe
  meeting on {weekday}
  {building} visit
  {sport} match
  lost {treasure}
body:
  {line}
  {line}
  {line}
  ¶¶{line}
line:
  You can find the photos here: {link}
  The page {link} does not open. Do you have another link?
  Please send your answer to {address} before {date}.
  We meet at {clock} in front of the {building}.
  I forgot my password and cannot log in.
  {C} is not coming because {C.he} has {a} {illness}.
  The tickets cost {money} each. I have paid for {few} of them.
  Could you bring {a} {dish} and some {drink}?
  The new time is {clock}, not {clock}.
  I attached the {school-thing} that you asked for.
  Nobody answered my last message, so I am sending it again.
  Click on {link} and enter the number {#1000-9999}.
  {C} wrote to {address} but got no reply.
  Is {weekday} at {clock} fine for you?
close:
  ¶¶<farewell:Best,>¶{A}
  ¶¶<farewell:Cheers,>¶{A}
  ¶¶<farewell:Kind regards,>¶{A.full}¶{address}
`),
);
