/** Completion by what a variable holds now, where its type says nothing (`any`). */

import { codePointOffset, utf16Offset } from "./code-points.js";
import type { Json } from "./messages.js";

/** Most names of one answer. */
const maxNames = 200;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** `a.b.c` before the cursor: `c` is being typed, and `a`, `b` are there. */
export interface MemberAccess {
  readonly path: readonly string[];
  readonly typed: string;
}

/** What is accessed at the cursor of a `complete_request`, if it is nothing but names and dots. */
export function memberAccess({ code, cursor_pos }: Json): MemberAccess | undefined {
  const text = String(code ?? "");
  const before = text.slice(0, utf16Offset(text, Number(cursor_pos ?? text.length)));
  const [chain] = /(?<![\p{ID_Continue}$.)\]])[\p{ID_Start}$_][\p{ID_Continue}$.]*$/u.exec(before) ?? [];
  const names = chain?.split(".") ?? [];
  const typed = names.pop() ?? "";
  return names.length > 0 && names.every((name) => identifier.test(name))
    ? { path: names, typed }
    : undefined;
}

/** Names of the members of `value.path[1].path[2]…`, found without calling a getter. */
export function liveMembers(value: unknown, path: readonly string[]): string[] {
  const owner = path.slice(1).reduce((current, name) => plainMember(current, name), value);
  const names = prototypesOf(owner).flatMap((object) => Object.getOwnPropertyNames(object));
  return [...new Set(names)].filter((name) => identifier.test(name) && name !== "constructor");
}

/** Content of `complete_reply` with the names that begin as typed. */
export function memberMatches(request: Json, { typed }: MemberAccess, names: readonly string[]): Json {
  const code = String(request.code ?? "");
  const end = Number(request.cursor_pos ?? codePointOffset(code, code.length));
  const matches = names.filter((name) => name.startsWith(typed)).slice(0, maxNames);
  const metadata = {};
  return { status: "ok", matches, cursor_start: end - [...typed].length, cursor_end: end, metadata };
}

function plainMember(value: unknown, name: string): unknown {
  for (const object of prototypesOf(value)) {
    const property = Object.getOwnPropertyDescriptor(object, name);
    if (property) return property.value;
  }
  return undefined;
}

/** An object and its prototypes, without that of all objects. */
function prototypesOf(value: unknown): object[] {
  const objects: object[] = [];
  if (value === null || value === undefined) return objects;
  for (let object: object | null = Object(value); object; object = Object.getPrototypeOf(object)) {
    if (object !== Object.prototype) objects.push(object);
  }
  return objects;
}
