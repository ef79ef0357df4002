import type { DOMWidgetModel, DOMWidgetView, ISerializers } from "@jupyter-widgets/base";
import type { ViewModel, ViewModule } from "../core/view-model.js";
import { type HeatmapModelState, render } from "../views/heatmap/heatmap.js";
import { addLiveModel } from "./live-models.js";

/** What the adaptor is given: it never imports the widget base itself, JupyterLab has the only copy. */
export interface WidgetBase {
  readonly DOMWidgetModel: typeof DOMWidgetModel;
  readonly DOMWidgetView: typeof DOMWidgetView;
}

/** Names by which the kernel asks for model and view. */
export interface WidgetPackage {
  readonly name: string;
  readonly version: string;
}

/** The two classes of one widget. */
export interface WidgetClasses {
  readonly Model: typeof DOMWidgetModel;
  readonly View: typeof DOMWidgetView;
}

/** The classes that the kernel may name, made over the given base. */
export function widgetExports(
  base: WidgetBase,
  from: WidgetPackage,
): Readonly<Record<string, typeof DOMWidgetModel | typeof DOMWidgetView>> {
  const heatmap = defineWidget(base, {
    ...from,
    prefix: "Heatmap",
    defaults: { ...heatmapDefaults, page: null },
    binary: ["page"],
    view: { render } as ViewModule<HeatmapModelState>,
  });
  return { HeatmapModel: heatmap.Model, HeatmapWidgetView: heatmap.View };
}

const heatmapDefaults = {
  v: 1,
  latent: "",
  explanation: null,
  traits: [],
  max: 1,
  density: 0,
  windowCount: 0,
  quantiles: 0,
  groups: [],
  align: "left",
  scale: "linear",
  glyphs: "newline",
  group: "all",
};

interface WidgetDefinition<S extends object> extends WidgetPackage {
  readonly prefix: string;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Traits that hold bytes; the default way of cloning state would lose them. */
  readonly binary: readonly string[];
  readonly view: ViewModule<S>;
}

/** Makes the two classes of the widget base around a view module. */
export function defineWidget<S extends object>(
  base: WidgetBase,
  definition: WidgetDefinition<S>,
): WidgetClasses {
  return { Model: defineModel(base, definition), View: defineView(base, definition.view) };
}

function defineModel<S extends object>(
  base: WidgetBase,
  { name, version, prefix, defaults, binary }: WidgetDefinition<S>,
): typeof DOMWidgetModel {
  const keep = { serialize: (value: unknown) => value, deserialize: (value: unknown) => value };
  const serializers: ISerializers = Object.fromEntries(binary.map((trait) => [trait, keep]));

  return class Model extends base.DOMWidgetModel {
    static override serializers = { ...base.DOMWidgetModel.serializers, ...serializers };

    override defaults() {
      return {
        ...super.defaults(),
        _model_name: `${prefix}Model`,
        _model_module: name,
        _model_module_version: version,
        _view_name: `${prefix}WidgetView`,
        _view_module: name,
        _view_module_version: version,
        ...defaults,
      };
    }

    override initialize(...args: Parameters<DOMWidgetModel["initialize"]>) {
      super.initialize(...args);
      addLiveModel(this);
    }
  };
}

function defineView<S extends object>(base: WidgetBase, module: ViewModule<S>): typeof DOMWidgetView {
  return class View extends base.DOMWidgetView {
    readonly #gone = new AbortController();

    override render() {
      super.render();
      const model = this.model as unknown as ViewModel<S>;
      module.render({ model, el: this.el, signal: this.#gone.signal, status: "live" });
    }

    override remove() {
      this.#gone.abort();
      return super.remove();
    }
  };
}
