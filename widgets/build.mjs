// Builds what browsers load, with esbuild alone: the script of static pages, and the prebuilt JupyterLab
// extension (a folder that JupyterLab reads as it is: no webpack, no Python).
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Bundles one entry of `src/` as a classic script. Style sheets become text. */
export async function bundle(entry, options = {}) {
  const result = await esbuild({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    loader: { ".css": "text" },
    logLevel: "warning",
    ...options,
  });
  return result.outputFiles[0].text;
}

/** Writes `dist/static.js` and `labextension/` below `root`. */
export async function build(root = here) {
  const manifest = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const { name, version, description, license } = manifest;
  const container = await bundle("hosts/container.ts", {
    define: { SAELAB_NAME: JSON.stringify(name), SAELAB_VERSION: JSON.stringify(version) },
  });
  const hash = createHash("sha256").update(container).digest("hex").slice(0, 16);
  const jupyterlab = {
    extension: true,
    mimeExtension: true,
    _build: {
      load: `static/container.${hash}.js`,
      extension: "./extension",
      mimeExtension: "./mimeExtension",
    },
  };
  const install = {
    packageManager: "npm",
    packageName: name,
    uninstallInstructions: "Run npx saelab uninstall",
  };
  const labextension = join(root, "labextension");
  await rm(labextension, { recursive: true, force: true });
  await mkdir(join(labextension, "static"), { recursive: true });
  await mkdir(join(root, "dist"), { recursive: true });
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(join(labextension, jupyterlab._build.load), container);
  await writeFile(join(labextension, "install.json"), json(install));
  await writeFile(
    join(labextension, "package.json"),
    json({ name, version, description, license, jupyterlab }),
  );
  await writeFile(join(root, "dist", "static.js"), await bundle("hosts/html.ts"));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
