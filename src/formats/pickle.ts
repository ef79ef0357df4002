/**
 * Python's pickle, restricted: the data that `torch.save` writes for a state dict can be read,
 * and nothing is ever called. A name that is not on the list stops the reading, so a file cannot
 * run anything. Opcodes: Python's pickletools, protocols 2 to 4.
 */

/** An object that the pickle asks to be built: kept as a description. */
export interface PickleCall {
  readonly callee: string;
  readonly arguments: readonly unknown[];
}

/** Something stored outside the pickle; in torch's files `["storage", type, key, place, count]`. */
export interface PickleReference {
  readonly reference: unknown;
}

const mark = Symbol("mark");

interface Machine {
  readonly view: DataView;
  readonly allowed: (name: string) => boolean;
  at: number;
  stack: unknown[];
  memo: Map<number, unknown>;
}

/**
 * The value in a pickle: dicts become Maps, tuples and lists arrays.
 *
 * @param allowed Which names (`module.name`) may occur.
 * @throws {SyntaxError} If it uses another name or an operation that data does not need.
 */
export function decodePickle(bytes: Uint8Array, allowed: (name: string) => boolean): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const machine: Machine = { view, allowed, at: 0, stack: [], memo: new Map() };
  try {
    while (machine.at < bytes.length) {
      const code = view.getUint8(machine.at++);
      if (code === 0x2e) return machine.stack.pop();
      const operation = operations[code];
      if (!operation) {
        throw new SyntaxError(`Cannot read the pickle: operation 0x${code.toString(16)} is not allowed`);
      }
      operation(machine);
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SyntaxError("Cannot read the pickle: it is cut short", { cause });
  }
  throw new SyntaxError("Cannot read the pickle: it has no end");
}

type Operation = (m: Machine) => void;

const pushes = (value: (m: Machine) => unknown): Operation => {
  return (m) => {
    m.stack.push(value(m));
  };
};

const operations: Record<number, Operation> = {
  128: (m) => m.at++,
  149: (m) => skip(m, 8),
  40: pushes(() => mark),
  125: pushes(() => new Map()),
  93: pushes(() => []),
  41: pushes(() => []),
  78: pushes(() => null),
  136: pushes(() => true),
  137: pushes(() => false),
  75: pushes((m) => m.view.getUint8(skip(m, 1))),
  77: pushes((m) => m.view.getUint16(skip(m, 2), true)),
  74: pushes((m) => m.view.getInt32(skip(m, 4), true)),
  138: pushes(longInteger),
  71: pushes((m) => m.view.getFloat64(skip(m, 8))),
  88: pushes((m) => text(m, m.view.getUint32(skip(m, 4), true))),
  140: pushes((m) => text(m, m.view.getUint8(skip(m, 1)))),
  116: pushes(toMark),
  133: pushes((m) => m.stack.splice(-1)),
  134: pushes((m) => m.stack.splice(-2)),
  135: pushes((m) => m.stack.splice(-3)),
  113: (m) => m.memo.set(m.view.getUint8(skip(m, 1)), m.stack.at(-1)),
  114: (m) => m.memo.set(m.view.getUint32(skip(m, 4), true), m.stack.at(-1)),
  148: (m) => m.memo.set(m.memo.size, m.stack.at(-1)),
  104: pushes((m) => m.memo.get(m.view.getUint8(skip(m, 1)))),
  106: pushes((m) => m.memo.get(m.view.getUint32(skip(m, 4), true))),
  99: pushes((m) => name(m, `${line(m)}.${line(m)}`)),
  147: pushes((m) => name(m, m.stack.splice(-2).join("."))),
  81: pushes((m) => ({ reference: m.stack.pop() }) satisfies PickleReference),
  82: pushes(call),
  98: (m) => m.stack.pop(),
  97: (m) => append(m, [m.stack.pop()]),
  101: (m) => append(m, toMark(m)),
  115: (m) => setItems(m, m.stack.splice(-2)),
  117: (m) => setItems(m, toMark(m)),
};

/** Moves on by `n` bytes and gives the place before. */
function skip(m: Machine, n: number): number {
  m.at += n;
  return m.at - n;
}

function text(m: Machine, length: number): string {
  const start = skip(m, length);
  return new TextDecoder().decode(new Uint8Array(m.view.buffer, m.view.byteOffset + start, length));
}

function line(m: Machine): string {
  let length = 0;
  while (m.view.getUint8(m.at + length) !== 0x0a) length++;
  const value = text(m, length);
  m.at++;
  return value;
}

function longInteger(m: Machine): number {
  let value = 0;
  const length = m.view.getUint8(skip(m, 1));
  for (let i = 0; i < length; i++) value += m.view.getUint8(skip(m, 1)) * 2 ** (8 * i);
  return length > 0 && m.view.getUint8(m.at - 1) > 127 ? value - 2 ** (8 * length) : value;
}

function toMark(m: Machine): unknown[] {
  const items = m.stack.splice(m.stack.lastIndexOf(mark) + 1);
  m.stack.pop();
  return items;
}

function name(m: Machine, found: string): { name: string } {
  if (m.allowed(found)) return { name: found };
  throw new SyntaxError(`Cannot read the pickle: it wants to call "${found}", which is not allowed`);
}

function call(m: Machine): unknown {
  const [callee, given] = m.stack.splice(-2) as [{ name: string }, unknown[]];
  if (callee.name === "collections.OrderedDict") return new Map();
  return { callee: callee.name, arguments: given } satisfies PickleCall;
}

function append(m: Machine, items: unknown[]): void {
  (m.stack.at(-1) as unknown[]).push(...items);
}

function setItems(m: Machine, items: unknown[]): void {
  const map = m.stack.at(-1);
  if (!(map instanceof Map)) return;
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
}
