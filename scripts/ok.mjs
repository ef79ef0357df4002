// `npm run ok`: what CI runs. Format and lint, types, then the tests.
import { ensureBuild, ensureNode, ensureNodeModules } from "./setup/node.mjs";
import { run, say } from "./setup/shell.mjs";

ensureNode();
ensureNodeModules();
ensureBuild();
say("checking format and lint");
run("npx", ["biome", "check", "--error-on-warnings", "."]);
say("checking types");
run("npm", ["run", "--silent", "types"]);
run("npm", ["test", "--silent"]);
