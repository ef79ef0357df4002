/** delphi's own cache of a real model, with the texts that it has of it. */
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { openDelphiCache } from "../../src/cache/open-delphi-cache.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import type { Tokenizer } from "../../src/model/tokenizer.js";
import { realData } from "../shared-data.js";

export async function openTheirCache(directory: string): Promise<LatentCache> {
  const tokenizer = byToken(await loadTokenizer(realData("stories260k")));
  return openDelphiCache(realData("delphi", "latents", "layers.2"), {
    tokenizer,
    directory,
    onProgress: false,
  });
}

/** Stands for tokens without text, between marks as elsewhere: delphi writes `<<>>`. */
const nothing = "\u2205";

/** delphi decodes token by token, by which a leading space is lost, and each byte of a character is one that cannot be read. */
const byToken = (tokenizer: Tokenizer): Tokenizer => ({
  ...tokenizer,
  pieces: (ids) => Array.from(ids, (id) => tokenizer.decode([id]).replace(/^ /, "") || nothing),
});

/** An item's text as delphi writes it: brackets of the text itself as they are. */
export const asTheyWrite = (text: string) => text.replaceAll(nothing, "").replaceAll(/\\(?=[<>])/g, "");
