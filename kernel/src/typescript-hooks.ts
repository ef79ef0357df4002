/**
 * Module hooks that let cells import TypeScript files, on any Node: types are erased on loading.
 *
 * An edited file is loaded anew by the next import, because its time of change is part of its URL.
 */
import { readFileSync, statSync } from "node:fs";
import type { LoadHook, ResolveFnOutput, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";
import { CellSyntaxError } from "./cell-error.js";
import { eraseTypes } from "./erase.js";

const typescriptFile = /^file:.*\.m?ts(\?|$)/;

/** Adds the time of change to the URL of a TypeScript file. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await resolveTyped(specifier, (name) => nextResolve(name, context));
  if (!typescriptFile.test(resolved.url) || resolved.url.includes("?")) return resolved;
  return { ...resolved, url: `${resolved.url}?changed=${statSync(fileURLToPath(resolved.url)).mtimeMs}` };
};

/** A relative `x.js` that is not there may be `x.ts`. */
async function resolveTyped(
  specifier: string,
  next: (specifier: string) => ResolveFnOutput | Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  try {
    return await next(specifier);
  } catch (error) {
    const typed = specifier.replace(/\.(m?)js$/, ".$1ts");
    if (typed === specifier || !specifier.startsWith(".")) throw error;
    return next(typed);
  }
}

/** Erases the types of a TypeScript file. */
export const load: LoadHook = async (url, context, nextLoad) => {
  if (!typescriptFile.test(url) || url.includes("/node_modules/")) return nextLoad(url, context);
  const path = fileURLToPath(url);
  return { format: "module", source: erased(path), shortCircuit: true };
};

function erased(path: string): string {
  try {
    return eraseTypes(readFileSync(path, "utf8")).code;
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    const { line, column } = error.position;
    throw new SyntaxError(`Cannot import "${path}": line ${line}, column ${column}: ${error.message}`);
  }
}
