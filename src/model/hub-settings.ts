/** What Hugging Face's libraries take from the environment (huggingface_hub, "Environment variables"). */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Folder of Hugging Face's libraries: `HF_HOME`, or `huggingface` below the user's caches. */
export function hubHome(env: NodeJS.ProcessEnv = process.env): string {
  return env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
}

/** The user's token: of the environment, or of the file that `hf auth login` writes. */
export function hubToken(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN;
  return (given ?? readToken(env.HF_TOKEN_PATH ?? join(hubHome(env), "token")))?.trim() || undefined;
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether the network must not be asked. */
export function isOffline(env: NodeJS.ProcessEnv = process.env): boolean {
  return /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? "");
}
