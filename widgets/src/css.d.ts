/** esbuild gives style sheets as text. */
declare module "*.css" {
  const rules: string;
  export default rules;
}
