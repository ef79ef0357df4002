/**
 * The address of a server, checked before anything is sent to it.
 *
 * @throws {RangeError} If it is none, or holds a user name or password, which errors would repeat; they are not shown.
 */
export function serviceAddress(baseURL: string): string {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(
      `Cannot ask a server at "${withoutUser(baseURL)}": it is no address; give one like http://127.0.0.1:8000/v1`,
    );
  }
  if (url.username === "" && url.password === "") return baseURL;
  throw new RangeError(
    `Cannot ask a server at "${url.host}" with a user name or password in its address; leave out what stands before the @, and give a key as apiKey`,
  );
}

/** What a server is called that has no other name: its address, without what may hold a key. */
export function serverName(baseURL: string): string {
  const { origin, pathname } = new URL(baseURL);
  return origin + pathname.replace(/\/$/, "");
}

/** An address, or a text that is one in part, without user name and password. */
export function withoutUser(address: string): string {
  return address.replace(/:\/\/.*@/s, "://");
}
