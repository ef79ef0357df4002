import { joinGrammars, parseGrammar } from "../grammar.js";

const names = parseGrammar(`
noun:
  | user | item | price | total | order | file | line | name | message | point | color | animal | weight | score | date
  | city | player | ticket | word | letter | page | node | value | key | index
verb-name:
  | get | find | count | parse | load | save | add | remove | update | check | sort | print | filter
field:
  | name | price | age | size | color | weight | score | title | count
english-noun:
  {any-noun.s}
any-noun:
  | cat | dog | apple | book | ticket | player | garden | ship | letter | number
message-text:
  | not found | done | hello world | invalid input | is empty | file saved | too many items | welcome back | no result
comment-text:
  | find the {superlative} {noun} | returns the number of {noun}s | skip empty {noun}s | this should never happen
  | add all {noun}s together | do not change the order | sort by {field} | check if the {noun} is valid
`);

/** TypeScript: functions, interfaces, classes, loops, strings, comments. */
export const typescript = joinGrammars(
  names,
  parseGrammar(String.raw`
open:
  import \{ {verb:verb-name}{class:class-name} } from "./{noun}.js";¶¶
  import \{ {class:class-name} } from "./{noun}.js";¶import \{ {verb:verb-name}All } from "../{noun}.js";¶¶
  // {comment-text}¶export interface {class:class-name} \{¶  {field}: string;¶  {field}: number;¶}¶¶
class-name:
  | Order | Ticket | Animal | Player | City | Recipe | Matrix | Parser | Queue | Account | Team | Garden
number:
  {#0-9}
  {#10-100}
type:
  | string | number | boolean | string\[] | number\[] | Date
body:
  {function}¶
  {function}¶
  {constant}¶
  {type-block}¶
function:
  export function {verb-name}{class-name}({x:noun}s: {class}\[]): number \{¶  let total = {number};¶  for (const {x} of {x}s) \{¶    if ({x}.{field} {compare} {number}) \{¶      total += {x}.{field};¶    }¶  }¶  return total;¶}¶
  // {comment-text}¶function {verb-name}{class-name}({noun}: {type}, count = {number}): {type} \{¶  if (count === {number}) \{¶    throw new Error("{message-text}");¶  }¶  return {noun}.{field};¶}¶
  async function load{class-name}(path: string): Promise<{class}> \{¶  const text = await readFile(path, "utf8");¶  return JSON.parse(text);¶}¶
  export const {verb-name}{class-name} = ({y:noun}: {class}) => {y}.{field} {compare} {number};¶
  test("{verb-name}() {message-text}", () => \{¶  const {z:noun} = {verb-name}{class-name}({number});¶  expect({z}.{field}).toBe({number});¶});¶
  while ({noun}s.length > {number}) \{¶  const {w:noun} = {noun}s.pop();¶  if ({w} === undefined) break;¶  console.log({w}.{field});¶}¶
constant:
  const {noun}s = \["{any-noun}", "{any-noun}", "{any-noun}"];¶
  const {noun} = \{ {field}: "{any-noun}", {field}: {number}, {field}: true };¶
  let {noun} = {number}; // {comment-text}¶
  const {noun}s = {noun}s.map(({u:noun}) => {u}.{field});¶
  const {noun} = {noun}s.filter(({v:noun}) => {v}.{field} {compare} {number});¶
type-block:
  export interface {class-name} \{¶  {field}: {type};¶  {field}: {type};¶  {field}?: {type};¶}¶
  class {class-name} extends {class} \{¶  #{field} = {number};¶¶  get {field}(): {type} \{¶    return this.#{field};¶  }¶}¶
  type {class-name} = "{any-noun}" \| "{any-noun}" \| null;¶
compare:
  | > | < | === | !== | >= | <=
close:
  export default {class};¶
  console.log("{message-text}", {verb-name}{class});¶
  // {comment-text}¶
superlative:
  | largest | smallest | first | last | best
`),
);

/** Python: functions, classes, loops, strings, comments. */
export const python = joinGrammars(
  names,
  parseGrammar(String.raw`
open:
  import json¶from {noun} import {class:class-name}¶¶
  import sys¶import random¶¶# {comment-text}¶¶class {class:class-name}:¶    def __init__(self, {f:field}, {field}=None):¶        self.{f} = {f}¶¶
  #!/usr/bin/env python3¶"""{Noun} tools: {comment-text}."""¶from {noun}s import {class:class-name}, {verb-name}_{noun}¶¶
class-name:
  | Order | Ticket | Animal | Player | City | Recipe | Matrix | Parser | Queue | Account | Team | Garden
number:
  {#0-9}
  {#10-100}
  0.{#1-9}
body:
  {function}¶
  {function}¶
  {function}¶
  {statement}¶
function:
  def {verb-name}_{noun}({x:noun}s):¶    total = {number}¶    for {x} in {x}s:¶        if {x}.{field} {compare} {number}:¶            total += {x}.{field}¶    return total¶
  def {verb-name}_{noun}(self, {y:noun}, count={number}):¶    """{Comment-text}."""¶    if not {y}:¶        raise ValueError("{message-text}")¶    return {y}\[count]¶
  # {comment-text}¶for i in range({number}):¶    print(f"\{i}: \{{noun}s\[i]}")¶
  with open("{any-noun}.txt") as file:¶    for line in file:¶        {noun} = line.strip().split(",")¶        {noun}s.append({noun})¶
  try:¶    {noun} = {verb-name}_{noun}({number})¶except ValueError as error:¶    print("{message-text}", error)¶
  while len({z:noun}s) > {number}:¶    {w:noun} = {z}s.pop()¶    if {w} is None:¶        continue¶    print({w}.{field})¶
  class {class-name}({class}):¶    def {verb-name}(self):¶        return self.{field} {compare} {number}¶
statement:
  {noun}s = \["{any-noun}", "{any-noun}", "{any-noun}"]¶
  {noun} = \{"{field}": "{any-noun}", "{field}": {number}}¶
  {noun}s = \[{u:noun}.{field} for {u} in {noun}s if {u}.{field} {compare} {number}]¶
  assert {verb-name}_{noun}({number}) == {number}  # {comment-text}¶
  {noun} = lambda {v:noun}: {v}.{field} + {number}¶
compare:
  | > | < | == | != | >= | <=
close:
  if __name__ == "__main__":¶    print({class}("{any-noun}"))¶
  # {comment-text}¶
superlative:
  | largest | smallest | first | last | best
`),
);
