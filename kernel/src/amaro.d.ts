declare module "amaro" {
  /** Replaces type syntax by blanks (`strip-only`); throws a string or an error with the report. */
  export function transformSync(source: string, options: { mode: "strip-only" }): { code: string };
}
