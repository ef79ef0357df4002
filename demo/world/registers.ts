import type { Grammar } from "./grammar.js";
import { python, typescript } from "./registers/code.js";
import { dialogue } from "./registers/dialogue.js";
import { diary } from "./registers/diary.js";
import { email } from "./registers/email.js";
import { doctorVisit, instructions, travel } from "./registers/errands.js";
import { fable } from "./registers/fable.js";
import { french } from "./registers/french.js";
import { german } from "./registers/german.js";
import { list, market, recipe } from "./registers/household.js";
import { denial, facts, lesson } from "./registers/knowledge.js";
import { letter } from "./registers/letter.js";
import { sportReport, weatherReport } from "./registers/reports.js";
import { story } from "./registers/story.js";

/** A kind of text: its rules `open`, `body` (repeated) and `close`, and how often it occurs. */
export interface Register {
  name: string;
  grammar: Grammar;
  weight: number;
  /** What the whole document is, where that is not English prose. */
  whole?: "code" | "french" | "german";
  /** Whether sentences start with a capital; true where not given. */
  sentenceCase?: boolean;
}

/** Every register of the demo world. */
export const registers: readonly Register[] = [
  { name: "story", grammar: story, weight: 16 },
  { name: "fable", grammar: fable, weight: 7 },
  { name: "dialogue", grammar: dialogue, weight: 8 },
  { name: "diary", grammar: diary, weight: 6 },
  { name: "letter", grammar: letter, weight: 7 },
  { name: "email", grammar: email, weight: 5 },
  { name: "weather", grammar: weatherReport, weight: 5 },
  { name: "sport", grammar: sportReport, weight: 6 },
  { name: "recipe", grammar: recipe, weight: 6 },
  { name: "list", grammar: list, weight: 4 },
  { name: "market", grammar: market, weight: 4 },
  { name: "facts", grammar: facts, weight: 5 },
  { name: "lesson", grammar: lesson, weight: 5 },
  { name: "denial", grammar: denial, weight: 4 },
  { name: "doctor", grammar: doctorVisit, weight: 5 },
  { name: "travel", grammar: travel, weight: 5 },
  { name: "instructions", grammar: instructions, weight: 4 },
  { name: "typescript", grammar: typescript, weight: 5, whole: "code", sentenceCase: false },
  { name: "python", grammar: python, weight: 5, whole: "code", sentenceCase: false },
  { name: "french", grammar: french, weight: 5, whole: "french" },
  { name: "german", grammar: german, weight: 5, whole: "german" },
];
