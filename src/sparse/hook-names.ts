/** Places that a block has, in TransformerLens' words and in ours. */
const places: Record<string, string> = {
  hook_resid_post: "",
  hook_mlp_out: ".mlp",
  hook_attn_out: ".attention",
  // What the heads found, before it is mixed: their outputs one after the other.
  "attn.hook_z": ".attention.heads",
  "mlp.hook_post": ".mlp.neurons",
  // Both mean what the MLP reads: the normalised residual stream. `hook_mlp_in` is before that.
  "mlp.hook_in": ".mlp.input",
  "ln2.hook_normalized": ".mlp.input",
};

/**
 * The hookpoint that a TransformerLens or Hugging Face module name means; `undefined` if it is
 * none of ours. `blocks.2.hook_resid_pre` is the output of block 1.
 */
export function hookpointOf(name: string): string | undefined {
  if (/^(model\.)?embed(_tokens)?$|^hook_embed$|^transformer\.wte$/.test(name)) return "embed";
  const block = /^blocks\.(\d+)\.(.+)$/.exec(name);
  if (block) {
    if (block[2] === "hook_resid_pre") {
      return block[1] === "0" ? undefined : `layers.${Number(block[1]) - 1}`;
    }
    return Object.hasOwn(places, block[2]) ? `layers.${block[1]}${places[block[2]]}` : undefined;
  }
  const module = /^(?:[a-z_]+\.)*?(?:layers|h)\.(\d+)(\.[a-z._]+)?$/.exec(name);
  if (!module) return undefined;
  const place = (module[2] ?? "").replace(/^\.(self_attn|attn)$/, ".attention");
  return /^(|\.mlp|\.mlp\.(input|neurons)|\.attention|\.attention\.heads)$/.test(place)
    ? `layers.${module[1]}${place}`
    : undefined;
}
