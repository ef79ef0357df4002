/** Numbers that the main thread and the IO worker share, without waiting for each other's messages. */

/**
 * Index 0: SIGINTs of the interrupt ladder, still to be ignored; 1: printed characters on the way to the IO worker;
 * 2: 1 when the front end has been told that the kernel ends; 3: 1 while the running cell watches the signal.
 */
export type SharedCounters = Int32Array;

const signals = 0;
const printed = 1;
const farewell = 2;
const watching = 3;

/** Characters on the way beyond which printing waits, so that a flood neither fills memory nor hides an interrupt. */
const room = 2_000_000;
/** Milliseconds of one wait, between which an interrupt can strike; and how many of them at most. */
const pause = 20;
const maxPauses = 100;
/** Milliseconds that telling the front end of the end may take. */
const farewellTime = 1000;

/** Makes the counters; the buffer can be handed to a worker. */
export function makeCounters(buffer: SharedArrayBuffer = new SharedArrayBuffer(16)): SharedCounters {
  return new Int32Array(buffer);
}

/** Counts text that was posted, and waits while too much is on the way. */
export function takeRoom(counters: SharedCounters, length: number): void {
  let onTheWay = Atomics.add(counters, printed, length) + length;
  for (let i = 0; onTheWay > room && i < maxPauses; i++) {
    Atomics.wait(counters, printed, onTheWay, pause);
    onTheWay = Atomics.load(counters, printed);
  }
}

/** Says that text has arrived. */
export function giveRoom(counters: SharedCounters, length: number): void {
  Atomics.sub(counters, printed, length);
  Atomics.notify(counters, printed);
}

/** Says whether the running cell has asked for the signal that an interrupt aborts. */
export function setWatching(counters: SharedCounters, isWatching: boolean): void {
  Atomics.store(counters, watching, isWatching ? 1 : 0);
}

/** Whether the running cell will stop by itself when it is asked to. */
export function isWatching(counters: SharedCounters): boolean {
  return Atomics.load(counters, watching) === 1;
}

/** Announces a SIGINT that the main thread has to ignore. */
export function announceSignal(counters: SharedCounters): void {
  Atomics.add(counters, signals, 1);
}

/** Whether a SIGINT was announced; it is then done with. */
export function takeSignal(counters: SharedCounters): boolean {
  if (Atomics.load(counters, signals) === 0) return false;
  Atomics.sub(counters, signals, 1);
  return true;
}

/** Forgets announced signals: the running script took them. */
export function forgetSignals(counters: SharedCounters): void {
  Atomics.store(counters, signals, 0);
}

/** Waits until the front end has been told that the kernel ends. */
export function awaitFarewell(counters: SharedCounters): void {
  Atomics.wait(counters, farewell, 0, farewellTime);
}

/** Says that the front end has been told. */
export function sayFarewell(counters: SharedCounters): void {
  Atomics.store(counters, farewell, 1);
  Atomics.notify(counters, farewell);
}
