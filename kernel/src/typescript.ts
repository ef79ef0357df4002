/**
 * The compiler. Loaded by `require`, as `import` would read its nine megabytes twice more, for what they export; that
 * was a third of the time until the first completion.
 */
import ts = require("typescript");

export { ts };
