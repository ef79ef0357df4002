import type { Runtime } from "node:inspector";
import type { InspectorClient } from "./inspector-client.js";

/** A variable as the Debug Adapter Protocol shows it. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  /** Class of an object. Numbers, texts and the like have none: JupyterLab would show it in place of the value. */
  readonly type?: string;
  readonly evaluateName: string;
  /** Asks for what is inside; 0 when nothing is. */
  readonly variablesReference: number;
}

/** Longest text of a value, in characters. */
const maxText = 1000;

/** Numbers for objects of the main thread, as the front end asks for their insides. */
export class DebugValues {
  readonly #inspector: InspectorClient;
  #objects: string[] = [];

  constructor(inspector: InspectorClient) {
    this.#inspector = inspector;
  }

  /** Forgets all numbers: what was paused goes on. */
  clear(): void {
    this.#objects = [];
  }

  /** A number for an object. */
  reference(objectId: string | undefined): number {
    return objectId === undefined ? 0 : this.#objects.push(objectId);
  }

  /** Own properties of the object behind a number. */
  async variables(reference: number): Promise<Variable[]> {
    const objectId = this.#objects[reference - 1];
    if (objectId === undefined) return [];
    const { result } = await this.#inspector.send("Runtime.getProperties", { objectId, ownProperties: true });
    return (result as Runtime.PropertyDescriptor[])
      .filter(({ value }) => value !== undefined)
      .map(({ name, value }) => this.variable(name, value as Runtime.RemoteObject));
  }

  /** A named value. */
  variable(name: string, value: Runtime.RemoteObject): Variable {
    const variablesReference = this.reference(value.objectId);
    const type = value.className ?? value.subtype;
    return { name, value: textOf(value), ...(type && { type }), evaluateName: name, variablesReference };
  }
}

/** Text of a value. */
export function textOf({ type, value, description, unserializableValue }: Runtime.RemoteObject): string {
  if (type === "function") return (description ?? "function").split("\n", 1)[0] ?? "";
  const text =
    type === "string" ? JSON.stringify(value) : (unserializableValue ?? description ?? String(value));
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}
