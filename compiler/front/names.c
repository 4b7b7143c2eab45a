/* names.c - tables of names: of what is not built yet, of losses and metrics.
 *
 * In:    a name.   Out: its row, or 0.
 */
#include "elab.h"

#include <string.h>

/* Names of language.md that are not built. */
static const struct { const char *what, *names;
} not_yet[] = {
	{ "the function", " sort topk " },
	{ "the stopping rule", " early_stopping " },
	{ "the data function",
	  " mixup " },
};

bool later_name(const char *name, const char **what)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < sizeof not_yet / sizeof *not_yet; i++)
		for (const char *s = strstr(not_yet[i].names, name); s; s = strstr(s + 1, name))
			if (n && s[-1] == ' ' && s[n] == ' ') {
				*what = not_yet[i].what;
				return true;
			}
	return false;
}

static const LossRow losses[] = {
	/* name, loss, metric, larger is better, mark */
	{ "cross_entropy", true, true, false, 1 }, { "bce_with_logits", true, true, false, 1 },
	{ "nll", true, true, false, 2 }, { "kl_div", true, true, false, 2 },
	{ "mse", true, true, false, 0 }, { "mae", true, true, false, 0 },
	{ "huber", true, true, false, 0 }, { "smooth_l1", true, true, false, 0 },
	{ "bce", true, true, false, 0 }, { "hinge", true, true, false, 0 },
	{ "triplet", true, true, false, 0 }, { "cosine_embedding", true, true, false, 0 },
	{ "contrastive", true, true, false, 0 }, { "rmse", false, true, false, 0 },
	{ "perplexity", false, true, false, 1 }, { "accuracy", false, true, true, 0 },
	{ "top_k_accuracy", false, true, true, 0 }, { "precision", false, true, true, 0 },
	{ "recall", false, true, true, 0 }, { "f1", false, true, true, 0 },
	{ "iou", false, true, true, 0 }, { "dice", false, true, true, 0 },
	{ "confusion", false, true, true, 0 }, { "auc", false, true, true, 0 },
	{ "pr_auc", false, true, true, 0 }, { "calibration_error", false, true, false, 0 },
	{ "r2", false, true, true, 0 }, { "mape", false, true, false, 0 },
};

const LossRow *loss_find(const char *name)
{
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
		if (*losses[i].name == *name && !strcmp(losses[i].name, name))
			return &losses[i];
	return 0;
}
