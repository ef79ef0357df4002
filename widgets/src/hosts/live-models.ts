import type { WidgetModel } from "@jupyter-widgets/base";

/**
 * The widget models that are alive on this page, by id. A model enters when it is made and leaves when its
 * comm closes; pictures of it listen, to swap to the live view and back.
 */
const models = new Map<string, WidgetModel>();
const listeners = new Set<() => void>();

export function addLiveModel(model: WidgetModel): void {
  models.set(model.model_id, model);
  const remove = () => {
    if (models.get(model.model_id) !== model) return;
    models.delete(model.model_id);
    notify();
  };
  model.on("comm:close", remove);
  model.on("destroy", remove);
  model.on("comm_live_update", () => {
    if (!model.comm_live) remove();
  });
  notify();
}

export function liveModel(id: string | undefined): WidgetModel | undefined {
  return id === undefined ? undefined : models.get(id);
}

/** Calls back whenever a model comes or goes. Returns a function that stops it. */
export function onLiveModels(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function notify(): void {
  for (const listener of [...listeners]) listener();
}
