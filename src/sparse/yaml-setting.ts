/** A top-level `key: value` of a YAML text, without quotes and comment: all that circuit-tracer's configuration needs. */
export function yamlSetting(text: string, key: string): string | undefined {
  return new RegExp(`^\\s*${key}:\\s*["']?([^"'#\\s]+)`, "m").exec(text)?.[1];
}
