/**
 * Protocol buffers on the wire, without a schema and without loss: a message is the ordered list
 * of its fields, each kept as the very bytes it came in. Whatever is not touched, known or not,
 * goes out as it came in, and payloads are views, so weights are never copied.
 * Encoding: https://protobuf.dev/programming-guides/encoding/
 */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: number;
  /** Tag and, where length-delimited, length. */
  readonly head: Uint8Array;
  /** The value's bytes. */
  readonly payload: Uint8Array;
}

/**
 * The fields of a message, as views into `bytes`.
 *
 * @throws {SyntaxError} If the bytes are not a message.
 */
export function decodeMessage(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = readVarint(bytes, at);
    at += varintLength(bytes, at);
    const wire = Number(tag & 7n);
    const number = Number(tag >> 3n);
    if (number === 0) throw notMessage(start, "field number 0");
    let length = fixedLength(wire, bytes, at);
    if (length === undefined) {
      if (wire !== 2) throw notMessage(start, `wire type ${wire}`);
      length = Number(readVarint(bytes, at));
      at += varintLength(bytes, at);
    }
    if (at + length > bytes.length) throw notMessage(start, `a field of ${length} bytes that is cut short`);
    fields.push({
      number,
      wire,
      head: bytes.subarray(start, at),
      payload: bytes.subarray(at, at + length),
    });
    at += length;
  }
  return fields;
}

/** The bytes of a message, in one piece. */
export function encodeMessage(fields: Iterable<Field>): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const { head, payload } of fields) {
    parts.push(head, payload);
    size += head.length + payload.length;
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A length-delimited field: bytes, text or a message. */
export function bytesField(number: number, value: Uint8Array | string | Iterable<Field>): Field {
  const payload =
    typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof Uint8Array
        ? value
        : encodeMessage(value);
  const head = Uint8Array.from([...varint((BigInt(number) << 3n) | 2n), ...varint(BigInt(payload.length))]);
  return { number, wire: 2, head, payload };
}

/** A whole number as a varint; negative ones in two's complement, as int64. */
export function varintField(number: number, value: number | bigint): Field {
  const head = Uint8Array.from(varint(BigInt(number) << 3n));
  return { number, wire: 0, head, payload: Uint8Array.from(varint(BigInt.asUintN(64, BigInt(value)))) };
}

/** The first field of that number. */
export function first(fields: readonly Field[], number: number): Field | undefined {
  return fields.find((field) => field.number === number);
}

/** All fields of that number. */
export function all(fields: readonly Field[], number: number): Field[] {
  return fields.filter((field) => field.number === number);
}

/** A field's text; `""` where it is absent, as protobuf has it. */
export function textOf(field: Field | undefined): string {
  return field ? new TextDecoder().decode(field.payload) : "";
}

/** Whole numbers of a repeated field, packed or not, as signed 64-bit. */
export function integersOf(fields: readonly Field[], number: number): number[] {
  const numbers: number[] = [];
  for (const { payload } of all(fields, number)) {
    for (let at = 0; at < payload.length; at += varintLength(payload, at)) {
      numbers.push(Number(BigInt.asIntN(64, readVarint(payload, at))));
    }
  }
  return numbers;
}

function fixedLength(wire: number, bytes: Uint8Array, at: number): number | undefined {
  if (wire === 0) return varintLength(bytes, at);
  if (wire === 1) return 8;
  return wire === 5 ? 4 : undefined;
}

function varintLength(bytes: Uint8Array, at: number): number {
  let length = 1;
  while (bytes[at + length - 1] & 128) length++;
  if (length > 10 || at + length > bytes.length) throw notMessage(at, "a number that is cut short");
  return length;
}

function readVarint(bytes: Uint8Array, at: number): bigint {
  const length = varintLength(bytes, at);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 7n) | BigInt(bytes[at + i] & 127);
  return value;
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

function notMessage(at: number, found: string): SyntaxError {
  return new SyntaxError(`Cannot read a protobuf message: at byte ${at} stands ${found}`);
}
