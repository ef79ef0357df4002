/**
 * A report as one HTML file that needs nothing else: no network, no server, no script to be read.
 * Charts are SVG; the heatmaps become interactive through the one script that is inlined.
 */
import { writeFileAtomic } from "../atomic-file.js";
import type { LatentExamples } from "../examples/example.js";
import { Html, html } from "../html.js";
import { latentName } from "../latent.js";
import { scoreCard } from "../score/score-card.js";
import { scoreCardHtml } from "../score/score-card-display.js";
import { accuracyByQuantile, isOfWindow } from "./accuracy-by-quantile.js";
import { type Chart, chartSvg } from "./chart.js";
import { heatmapScript } from "./heatmap-script.js";
import { heatmapFigure } from "./heatmap-static.js";
import { cardsHtml, liftsHtml } from "./lift-table.js";
import type { Report } from "./report.js";
import { scoreHistogram } from "./score-histogram.js";
import { scoresOf } from "./scores-of.js";
import { tableHtml } from "./table.js";

export interface ReportHtmlOptions {
  /** Heading of the page. */
  title?: string | undefined;
  /** Latents to show as heatmaps, with the report's explanation of them. */
  examples?: readonly LatentExamples[] | undefined;
}

const style = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
figure { margin: 1rem 0 2rem; } .charts svg { max-width: 100%; height: auto; }
td, th { vertical-align: top; }
`;

/** The page as text. */
export async function reportHtml(report: Report, options: ReportHtmlOptions = {}): Promise<string> {
  const { title = "Latents, explained and scored", examples = [] } = options;
  const charts = chartsOf(report);
  const figures = examples.map((shown) =>
    heatmapFigure(shown, { ...explanationOf(report, shown), limit: 3 }),
  );
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${new Html(style)}</style></head><body>
<h1>${title}</h1>
${tableHtml(report)}
<h2>Scores</h2><div class="charts">${await Promise.all(charts.map(chartFigure))}</div>
${section("What the scores are worth", liftsHtml(report))}${section("Score cards", cardsHtml(report))}${latentCards(report)}
<h2>Where the latents fire</h2>
${figures.map((figure) => new Html(figure))}
${figures.length > 0 ? html`<script>${new Html(await heatmapScript())}</script>` : undefined}
</body></html>
`;
  return page.text;
}

/**
 * Writes the page to a file.
 *
 * @throws {FileError} If the file cannot be written.
 */
export async function writeReportHtml(
  report: Report,
  path: string,
  options: ReportHtmlOptions = {},
): Promise<void> {
  await writeFileAtomic(path, await reportHtml(report, options));
}

function section(heading: string, content: Html | undefined): Html | undefined {
  return content && html`<h2>${heading}</h2>${content}`;
}

/** The cards of single latents, folded away. */
function latentCards({ rows }: Report): Html[] {
  return rows
    .filter(({ scores }) => Object.values(scores).some(({ judgements }) => judgements.length > 0))
    .map(({ latent, scores, firingRate }) => {
      const cards = Object.values(scores).map((score) => scoreCardHtml(scoreCard(score, { firingRate })));
      return html`<details><summary>${latentName(latent)}</summary>${cards}</details>\n`;
    });
}

/** The charts that there are numbers for: a judge may have answered nothing, and the page is written all the same. */
function chartsOf(report: Report): Chart[] {
  const scored = report.scorers.some((scorer) => scoresOf(report, scorer).length > 0);
  const judged = report.rows.some(({ scores }) =>
    Object.values(scores).some(({ judgements }) => judgements.some(isOfWindow)),
  );
  return [...(scored ? [scoreHistogram(report)] : []), ...(judged ? [accuracyByQuantile(report)] : [])];
}

function explanationOf(report: Report, { latent }: LatentExamples): { explanation?: string } {
  const row = report.rows.find((candidate) => latentName(candidate.latent) === latentName(latent));
  return row?.explanation ? { explanation: row.explanation } : {};
}

async function chartFigure(chart: Chart): Promise<Html> {
  return html`<figure role="img" aria-label="${chart.description}">${new Html(await chartSvg(chart))}</figure>`;
}
