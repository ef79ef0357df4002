/**
 * The module-federation container of the prebuilt JupyterLab extension, written by hand: JupyterLab calls
 * `init` with its share scope and `get` with the names in our `package.json`. Everything that must exist
 * once per page (widget base, its registry, Lumino) is taken from the scope.
 */
import type { Widget } from "@lumino/widgets";
import { type NotebookTracker, watchMessageSizes } from "./message-limit.js";
import { mimeExtension } from "./mime.js";
import { type WidgetBase, widgetExports } from "./widget.js";

declare const SAELAB_NAME: string;
declare const SAELAB_VERSION: string;

type Shared = Readonly<Record<string, { get(): Promise<() => unknown> }>>;
type Scope = Readonly<Record<string, Shared>>;

/** The registry of the widget manager, as far as we use it. */
interface WidgetRegistry {
  registerWidget(data: { name: string; version: string; exports: () => Promise<unknown> }): void;
}

interface Apputils {
  readonly Notification: { error(text: string, options: { autoClose: false }): void };
}

let scope: Scope = {};

/** Takes a module of JupyterLab; where it has several versions, the latest. */
async function shared<T>(name: string): Promise<T> {
  const versions = Object.entries(scope[name] ?? {});
  const [latest] = versions.sort(([a], [b]) => b.localeCompare(a, "en", { numeric: true }));
  if (!latest)
    throw new Error(`Cannot load saelab's widgets: JupyterLab does not share "${name}"; update it`);
  return (await latest[1].get())() as T;
}

const modules: Readonly<Record<string, () => Promise<unknown>>> = {
  async "./extension"() {
    const { IJupyterWidgetRegistry } = await shared<{ IJupyterWidgetRegistry: unknown }>(
      "@jupyter-widgets/base",
    );
    const { INotebookTracker } = await shared<{ INotebookTracker: unknown }>("@jupyterlab/notebook");
    const messageLimit = {
      id: `${SAELAB_NAME}:message-limit`,
      description: "Says when a notebook sends its kernel too much at once.",
      autoStart: true,
      requires: [INotebookTracker],
      async activate(_app: unknown, notebooks: NotebookTracker) {
        const { Notification } = await shared<Apputils>("@jupyterlab/apputils");
        watchMessageSizes(notebooks, (text) => Notification.error(text, { autoClose: false }));
      },
    };
    const widgets = {
      id: `${SAELAB_NAME}:plugin`,
      description: "The widgets of saelab.",
      autoStart: true,
      requires: [IJupyterWidgetRegistry],
      activate(_app: unknown, registry: WidgetRegistry) {
        const loadExports = async () =>
          widgetExports(await shared<WidgetBase>("@jupyter-widgets/base"), {
            name: SAELAB_NAME,
            version: SAELAB_VERSION,
          });
        registry.registerWidget({ name: SAELAB_NAME, version: SAELAB_VERSION, exports: loadExports });
      },
    };
    return [widgets, messageLimit];
  },
  async "./mimeExtension"() {
    return mimeExtension(await shared<{ Widget: typeof Widget }>("@lumino/widgets"), `${SAELAB_NAME}:mime`);
  },
};

const container = {
  init(given: Scope): void {
    scope = given;
  },
  async get(name: string): Promise<() => unknown> {
    const load = modules[name];
    if (!load) throw new Error(`Cannot find module "${name}" in ${SAELAB_NAME}`);
    const loaded = await load();
    // Without __esModule JupyterLab takes the namespace itself for the plugin, and its page stays blank.
    return () => ({ __esModule: true, default: loaded });
  },
};

const page = window as unknown as { _JUPYTERLAB?: Record<string, typeof container> };
page._JUPYTERLAB ??= {};
page._JUPYTERLAB[SAELAB_NAME] = container;
