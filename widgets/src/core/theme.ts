import { luminance, type Theme } from "./palette.js";

/**
 * Keeps `data-theme` on `root` true: what JupyterLab or VS Code says of its theme, else whether the page
 * behind the element is dark. Follows changes while the page is open.
 */
export function watchTheme(root: HTMLElement, signal: AbortSignal): void {
  const update = () => {
    root.dataset.theme = currentTheme(root);
  };
  const observer = new MutationObserver(update);
  const attributeFilter = ["data-jp-theme-light", "data-vscode-theme-kind", "class", "style"];
  observer.observe(document.body, { attributeFilter });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", update, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  update();
  // An element that is not on the page yet has no background behind it.
  if (!root.isConnected) requestAnimationFrame(update);
}

function currentTheme(root: HTMLElement): Theme {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind !== undefined) return vscodeThemeKind.endsWith("light") ? "light" : "dark";
  for (let at = root.parentElement; at; at = at.parentElement) {
    const channels =
      getComputedStyle(at)
        .backgroundColor.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    if (channels.length < 3 || channels[3] === 0) continue;
    const hex = channels.slice(0, 3).map((c) => Math.round(c).toString(16).padStart(2, "0"));
    return luminance(`#${hex.join("")}`) < 0.18 ? "dark" : "light";
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
