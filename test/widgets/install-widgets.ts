import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const widgets = fileURLToPath(new URL("../../widgets/", import.meta.url));

interface WidgetsBuild {
  build(root: string): Promise<void>;
  bundle(entry: string, options?: object): Promise<string>;
}

/** The build script of the widgets, so that tests see the sources as they are and not an old build. */
export async function widgetsBuild(): Promise<WidgetsBuild> {
  return (await import(pathToFileURL(join(widgets, "build.mjs")).href)) as WidgetsBuild;
}

/** Builds the JupyterLab extension and puts it below a Jupyter data directory. */
export async function installWidgets(dataDirectory: string): Promise<void> {
  const made = join(dataDirectory, "saelab-widgets-build");
  await (await widgetsBuild()).build(made);
  const target = join(dataDirectory, "labextensions/@saelab/widgets");
  await mkdir(target, { recursive: true });
  await cp(join(made, "labextension"), target, { recursive: true });
}
