import { readFileSync } from "node:fs";
import { type Json, protocolVersion } from "./messages.js";

/** Version of this package. */
export const kernelVersion = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** Content of `kernel_info_reply`. */
export function kernelInfo(): Json {
  return {
    status: "ok",
    protocol_version: protocolVersion,
    implementation: "saelab",
    implementation_version: kernelVersion,
    language_info: {
      name: "typescript",
      version: "5.9",
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      codemirror_mode: { name: "javascript", typescript: true },
      nbconvert_exporter: "script",
    },
    banner: `saelab ${kernelVersion}: TypeScript on Node ${process.versions.node}`,
    supported_features: ["debugger"],
    debugger: true,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "Node.js", url: "https://nodejs.org/docs/latest/api/" },
    ],
  };
}
