"""Reference numbers of scipy, statsmodels, scikit-learn and krippendorff for the tests of src/stats.

    pip install numpy scipy scikit-learn statsmodels krippendorff
    python test/stats/reference.py > test/stats/reference.json
"""
import json

import krippendorff
import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import special, stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

rng = np.random.default_rng(22)
lists = lambda a: np.asarray(a).tolist()

truth = rng.integers(0, 2, 60)
answer = np.where(rng.random(60) < 0.75, truth, 1 - truth)
values = np.round(truth * 0.8 + rng.normal(size=60), 1)
probabilities = np.round(rng.random(60), 3)
numbers = rng.normal(size=48)
clusters = rng.integers(0, 9, 48)
differences = np.round(rng.normal(0.3, 1, 12), 3)
p_values = np.round(rng.random(10) ** 3, 4)
ratings_a, ratings_b = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
ratings_b = np.where(rng.random(50) < 0.6, ratings_a, ratings_b)
ratings = rng.integers(1, 5, (3, 15)).astype(float)
ratings[1] = np.where(rng.random(15) < 0.7, ratings[0], ratings[1])
ratings[rng.random((3, 15)) < 0.2] = np.nan
skewed = np.round(rng.lognormal(size=40), 3)

tn, fp, fn, tp = metrics.confusion_matrix(truth, answer).ravel()
negatives_weight = 19 * truth.sum() / (60 - truth.sum())  # makes positives 5 %
right_a, right_b = rng.random(40) < 0.8, rng.random(40) < 0.5
table = [[int((right_a & right_b).sum()), int((right_a & ~right_b).sum())],
         [int((~right_a & right_b).sum()), int((~right_a & ~right_b).sum())]]
ols = sm.OLS(numbers, np.ones(48)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
kappa = cohens_kappa(np.histogram2d(ratings_a, ratings_b, bins=3)[0])
bca = stats.bootstrap((skewed,), np.mean, n_resamples=100_000, method="BCa", rng=1)

print(json.dumps({
    "versions": {m.__name__: m.__version__ for m in (np, scipy, sklearn, statsmodels)} | {"krippendorff": "0.9.0"},
    "normal": [[z, stats.norm.cdf(z)] for z in (-37.0, -8.0, -3.5, -1.0, -0.1, 0.0, 0.7, 2.5, 6.0)],
    "normalQuantile": [[p, stats.norm.ppf(p)] for p in (1e-300, 1e-12, 1e-4, 0.025, 0.3, 0.5, 0.9, 0.999)],
    "beta": [[x, a, b, special.betainc(a, b, x)]
             for x, a, b in ((0.1, 0.5, 0.5), (0.5, 2, 3), (0.9, 30, 4), (0.3, 200, 500), (0.999, 0.5, 80))],
    "logGamma": [[n, special.gammaln(n)] for n in (0.1, 0.5, 1.0, 2.5, 40.0, 1e5)],
    "binomial": [[k, n, p, stats.binom.cdf(k, n, p)] for k, n, p in ((0, 5, 0.5), (3, 10, 0.5), (40, 100, 0.4), (900, 1000, 0.9))],
    "student": [[p, d, stats.t.ppf(p, d)] for p, d in ((0.975, 1), (0.975, 4), (0.9, 30), (0.05, 7), (0.995, 1000))],
    "truth": lists(truth), "answer": lists(answer), "values": lists(values), "probabilities": lists(probabilities),
    "confusion": {"truePositives": int(tp), "falseNegatives": int(fn), "falsePositives": int(fp), "trueNegatives": int(tn)},
    "precision": metrics.precision_score(truth, answer), "recall": metrics.recall_score(truth, answer),
    "f1": metrics.f1_score(truth, answer), "mcc": metrics.matthews_corrcoef(truth, answer),
    "balancedAccuracy": metrics.balanced_accuracy_score(truth, answer),
    "auprc": metrics.average_precision_score(truth, values),
    "auprcAt5": metrics.average_precision_score(truth, values, sample_weight=np.where(truth == 1, 1, negatives_weight)),
    "brier": metrics.brier_score_loss(truth, probabilities),
    "numbers": lists(numbers), "clusters": lists(clusters),
    "clusteredMean": {"value": ols.params[0], "standardError": ols.bse[0], "interval": lists(ols.conf_int()[0])},
    "differences": lists(differences),
    "signFlip": stats.permutation_test((differences, np.zeros(12)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf).pvalue,
    "rightA": lists(right_a), "rightB": lists(right_b), "mcnemar": mcnemar(table, exact=True).pvalue,
    "pValues": lists(p_values), "holm": lists(multipletests(p_values, method="holm")[1]),
    "benjaminiHochberg": lists(multipletests(p_values, method="fdr_bh")[1]),
    "ratingsA": lists(ratings_a), "ratingsB": lists(ratings_b),
    "kappa": {"value": kappa.kappa, "interval": [kappa.kappa_low, kappa.kappa_upp]},
    "ratings": [[None if np.isnan(r) else r for r in item] for item in ratings.T],
    "alphaNominal": krippendorff.alpha(ratings, level_of_measurement="nominal"),
    "alphaInterval": krippendorff.alpha(ratings, level_of_measurement="interval"),
    "skewed": lists(skewed), "bca": [bca.confidence_interval.low, bca.confidence_interval.high], "bcaError": bca.standard_error,
    "pearsonInterval": lists(stats.pearsonr(numbers, numbers ** 3 + clusters).confidence_interval()),
    "cubes": lists(numbers ** 3 + clusters),
    "latentsPerArm": NormalIndPower().solve_power(0.05 / 0.15, power=0.8, alpha=0.05),
    "latentPairs": NormalIndPower(ddof=0).solve_power(0.05 / 0.15, power=0.8, alpha=0.05, ratio=0),
}))
