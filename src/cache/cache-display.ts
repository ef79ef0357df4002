import { basename } from "node:path";
import type { MimeBundle } from "../display.js";
import { html } from "../html.js";
import type { LatentCache } from "./latent-cache.js";

/** A small table of what a cache holds. */
export function cacheDisplay(cache: LatentCache): MimeBundle {
  const facts = cacheFacts(cache);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(
    ([name, value]) => html`<tr><th style="text-align:left">${name}</th><td>${value}</td></tr>`,
  );
  return {
    "text/plain": facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n"),
    "text/html": html`<table>${lines}</table>`.text,
  };
}

function cacheFacts(cache: LatentCache): [string, string][] {
  const { identity, rows, documents } = cache.manifest;
  const { neverFired, belowMinCount, minCount } = cache.coverage();
  const share = (n: number) => `${count(n)} (${((100 * n) / cache.dSae).toFixed(1)} %)`;
  return [
    ["hookpoint", cache.hookpoint],
    ["coder", `${identity.coder.name} (${identity.coder.kind})`],
    ["model", identity.model.name],
    ["corpus", `${identity.corpus.name}, ${count(documents)} documents`],
    ["contexts", `${count(cache.contextCount)} of ${cache.contextLength} tokens${planned(cache)}`],
    ["tokens", count(cache.tokenCount)],
    ["activations", `${count(rows)}, ${(rows / cache.positionCount).toFixed(1)} per position`],
    ["latents", count(cache.dSae)],
    ["never fire", share(neverFired)],
    [`fire < ${minCount} times`, share(belowMinCount)],
    // The name alone: a notebook that is passed on should not tell where its author keeps files.
    ["folder", basename(cache.directory)],
  ];
}

function planned({ contextCount, plannedContextCount }: LatentCache): string {
  return contextCount === plannedContextCount ? "" : `, ${count(plannedContextCount)} are planned`;
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
