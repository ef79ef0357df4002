/** Every public name, in the order of the pipeline. */
export { seededRandom, type Random } from "./random.js";
export { type Tensor, tensor } from "./tensor.js";
export { type Latent, latentName, parseLatent } from "./latent.js";
export {
  FileError,
  HookpointError,
  isSaelabError,
  ModelCallError,
  ReplyError,
  TooFewWindowsError,
} from "./errors.js";
export type { LongCallOptions, Progress } from "./progress.js";

export type { Estimate } from "./stats/estimate.js";
export { auprc } from "./stats/auprc.js";
export { auroc } from "./stats/auroc.js";
export { benjaminiHochberg } from "./stats/benjamini-hochberg.js";
export { bootstrap } from "./stats/bootstrap.js";
export { brierScore } from "./stats/brier-score.js";
export { clusteredMean } from "./stats/clustered-mean.js";
export { cohenKappa } from "./stats/cohen-kappa.js";
export { confusion } from "./stats/confusion.js";
export { confusionInterval } from "./stats/confusion-interval.js";
export { disattenuatedCorrelation } from "./stats/disattenuated-correlation.js";
export { f1 } from "./stats/f1.js";
export { holm } from "./stats/holm.js";
export { krippendorffAlpha } from "./stats/krippendorff-alpha.js";
export { lift, meanLift } from "./stats/lift.js";
export { mcc } from "./stats/mcc.js";
export { mcnemarTest } from "./stats/mcnemar-test.js";
export { pairedDifference } from "./stats/paired-difference.js";
export { precisionAtRate } from "./stats/precision-at-rate.js";
export { roganGladen } from "./stats/rogan-gladen.js";
export { judgementsNeeded, latentsNeeded, negativesNeeded } from "./stats/sample-size.js";
export { signFlipTest } from "./stats/sign-flip-test.js";
export { splitHalfReliability } from "./stats/split-half-reliability.js";
export { wilson } from "./stats/wilson.js";

export { loadModel } from "./model/load-model.js";
export { writeRandomModel } from "./model/write-random-model.js";
export type { Hookpoint, SubjectModel } from "./model/subject-model.js";
export type { Tokenizer } from "./model/tokenizer.js";
export { activationsOf, type Subject, type TextActivations } from "./sparse/activations-of.js";
export { editLatents, intervene, type LatentEdit } from "./sparse/intervene.js";
export { type CoderInspection, inspectCoder } from "./sparse/inspect-coder.js";
export { loadSparseCoder } from "./sparse/load-sparse-coder.js";
export { identityCoder, randomCoder } from "./sparse/baseline-coders.js";
export { neuronCoder } from "./sparse/neuron-coder.js";
export { pcaCoder } from "./sparse/pca-coder.js";
export { randomRotation } from "./sparse/random-rotation.js";
export type { SparseActivations } from "./sparse/sparse-activations.js";
export type { SparseCoder } from "./sparse/sparse-coder.js";

export type { Corpus } from "./corpus/corpus.js";
export { openCorpus } from "./corpus/open-corpus.js";
export { cacheLatents } from "./cache/cache-latents.js";
export type { Coverage } from "./cache/coverage.js";
export { LatentCache } from "./cache/latent-cache.js";
export { openDelphiCache } from "./cache/open-delphi-cache.js";
export { writeDelphiCache } from "./cache/write-delphi-cache.js";
export { writeArrow } from "./cache/write-arrow.js";
export { writeParquet } from "./cache/write-parquet.js";
export type { Example, LatentExamples, Window } from "./examples/example.js";
export { type DelphiLeak, delphiLeak } from "./examples/delphi-leak.js";
export { type DelphiNegativesOptions, delphiNegatives } from "./examples/delphi-negatives.js";
export { coOccurrence } from "./examples/co-occurrence.js";
export { type LatentTraits, latentTraits, traitLabels } from "./examples/latent-traits.js";
export { type Leak, measureLeak } from "./examples/leak.js";
export type { EmbeddedWindows } from "./examples/embedding-neighbour-windows.js";
export { type NegativeKind, type NegativeWindow, negativeLadder } from "./examples/negative-ladder.js";
export { type EditedWindow, minimalEdits } from "./examples/minimal-edits.js";
export { type Neighbour, neighbours } from "./examples/neighbours.js";
export { readDelphiNeighbours } from "./examples/read-delphi-neighbours.js";
export { type EditedExamplesOptions, sampleEditedExamples } from "./examples/sample-edited-examples.js";
export { type SampleExamplesOptions, sampleExamples } from "./examples/sample-examples.js";

export { type Budget, budget } from "./llm/budget.js";
export { claude } from "./llm/claude.js";
export type { BatchEvent } from "./llm/batches.js";
export { type ClaudeBatchesOptions, claudeBatches } from "./llm/claude-batches.js";
export { type Governor, governor } from "./llm/governor.js";
export { inspectServer, type ServerInspection } from "./llm/inspect-server.js";
export { modelFromName } from "./llm/model-from-name.js";
export { openAICompatible } from "./llm/openai-compatible.js";
export { openAIEmbedder } from "./llm/openai-embedder.js";
export { openAITokenScorer } from "./llm/openai-token-scorer.js";
export { exportLedger } from "./llm/export-ledger.js";
export { type LedgerSummary, ledgerSummary, type ModelSummary } from "./llm/ledger-summary.js";
export { replay } from "./llm/replay.js";
export { replayEmbedder } from "./llm/replay-embedder.js";
export { replayTokenScorer } from "./llm/replay-token-scorer.js";
export { withLedger } from "./llm/with-ledger.js";
export type { Outcome } from "./llm/outcome.js";
export { measurePattern, type PatternFit } from "./llm/pattern/measure-pattern.js";
export { pattern } from "./llm/pattern/pattern-model.js";
export { patternTokenScorer } from "./llm/pattern/pattern-token-scorer.js";
export type { Pattern } from "./llm/pattern/pattern.js";
export { readPattern } from "./llm/pattern/read-pattern.js";
export { runPattern } from "./llm/pattern/run-pattern.js";
export {
  type LocalTokenScorer,
  type LocalTokenScorerOptions,
  localTokenScorer,
} from "./llm/local/local-token-scorer.js";
export { builtInEmbedder } from "./llm/local/built-in-embedder.js";
export { type LocalEmbedder, localEmbedder } from "./llm/local/local-embedder.js";
export type { Embedder } from "./llm/embedder.js";
export { type EmbedWindowsOptions, embedWindows } from "./llm/embed-windows.js";
export type { Choices, TokenScorer, TokenScores } from "./llm/token-scorer.js";
export type { TextModel, TextReply, TextRequest, Usage } from "./llm/text-model.js";
export type { Explainer, Explanation, Sense, Trial } from "./explain/explainer.js";
export { bestOf } from "./explain/best-of.js";
export { bothSigns } from "./explain/both-signs.js";
export { chainOfThought } from "./explain/chain-of-thought.js";
export { contrastive } from "./explain/contrastive.js";
export { executable } from "./explain/executable.js";
export { inputOutput } from "./explain/input-output.js";
export { oppositeLatent } from "./explain/opposite-latent.js";
export { refine } from "./explain/refine.js";
export { severalSenses } from "./explain/several-senses.js";
export { singleToken } from "./explain/single-token.js";
export { tokenSpace } from "./explain/token-space.js";
export { topActivations } from "./explain/top-activations.js";
export { vocabulary } from "./explain/vocabulary.js";
export { type VocabularyProjection, vocabularyProjection } from "./explain/vocabulary-projection.js";
export { type Agreement, agreement, correctedByPeople } from "./score/agreement.js";
export { detection } from "./score/detection.js";
export { embedding } from "./score/embedding.js";
export { exampleEmbedding } from "./score/example-embedding.js";
export { execution } from "./score/execution.js";
export { fuzzing } from "./score/fuzzing.js";
export { delphiMetrics, delphiWeightedF1 } from "./score/delphi-metrics.js";
export { type DelphiTask, delphiScorer } from "./score/delphi-scorers.js";
export { generation } from "./score/generation.js";
export { type CardMetric, type ScoreCard, type ScoreCardOptions, scoreCard } from "./score/score-card.js";
export { intruder } from "./score/intruder.js";
export { responsiveness } from "./score/responsiveness.js";
export type { Answer, Judgement, Score, Scorer } from "./score/scorer.js";
export { sensitivity } from "./score/sensitivity.js";
export { simulation } from "./score/simulation.js";
export { surprisal } from "./score/surprisal.js";

export { type InterpretOptions, interpret } from "./run/interpret.js";
export type { Interpretation, Unscored } from "./run/interpretation.js";
export type { NullPanelOptions } from "./run/null-panel.js";
export type { NullRun, NullRunKind, RunResult } from "./run/null-run.js";
export type { NullKind, NullScore } from "./run/null-scores.js";
export { type Plan, type PlanOptions, plan } from "./run/plan.js";
export { type PresetName, preset, presets } from "./run/presets.js";
export { accuracyByQuantile } from "./report/accuracy-by-quantile.js";
export { type Chart, chartSvg } from "./report/chart.js";
export { heatmap } from "./report/heatmap.js";
export { type Headline, headlinesOf, type Lift, liftsOf } from "./report/lifts.js";
export { type Comparison, compareRuns } from "./report/compare-runs.js";
export { type ScorerCorrelation, scorerCorrelations } from "./report/scorer-correlations.js";
export { type MeanScoreCard, meanScoreCards } from "./report/mean-score-cards.js";
export { type Report, type ReportNullRun, type ReportRow, report } from "./report/report.js";
export { reportHtml, writeReportHtml } from "./report/report-html.js";
export { scoreHistogram } from "./report/score-histogram.js";
