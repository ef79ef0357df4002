export { type Concept, concepts } from "./concepts.js";
export { type GenerateOptions, generateDocuments, type WorldDocument } from "./document.js";
export type { Passage, Span } from "./draft.js";
