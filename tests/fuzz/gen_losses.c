/* gen_losses.c - losses, metrics and outputs over what the program has made. */
#include "gen.h"

/* A value as rows of n numbers; or by way of so many that products fill vectors, and that those with few
 * columns or inputs take the forms for them. */
static void rows_of(Gen *g, char n)
{
	const char *value = any(g)->name;
	if (chance(g, 30))
		add(g, "(flatten(%s) |> dense(%d) |> tanh |> dense(%c))", value, 16 + (int)below(g, 25), n);
	else
		add(g, "(flatten(%s) |> dense(%c))", value, n);
}

/* In a form of this file: ~a rows_of(.., a). */
static void written(Gen *g, const char *what, const char *form)
{
	for (int i = 0; i < g->indent; i++)
		add(g, "  ");
	add(g, "%s ", what);
	for (const char *p = form; *p; p++) {
		if (*p == '~')
			rows_of(g, *++p);
		else if (*p == '$')
			add(g, "%s", any(g)->name);
		else if (*p == '#')
			add(g, "%d", g->count);
		else
			add(g, "%c", *p);
	}
	add(g, "\n");
	g->count++;
}

static const char *const loss[] = {
	"a# = mean(sin(3 * $ + 1))",
	"a# = cross_entropy(~3, y)",
	"a# = cross_entropy(~3, y, label_smoothing = 0.1)",
	"a# = cross_entropy(~3, y, weight = [0.5, 1, 2])",
	"a# = cross_entropy(~3, y, label_smoothing = 0.2, weight = [0.5, 1, 2], reduction = \"sum\") / N",
	"a# = mean(cross_entropy(~3, y, reduction = \"none\") * 0.5)",
	"a# = cross_entropy(~3, softmax(~3))",
	"a# = cross_entropy(~3, stop_gradient(softmax(~3)), label_smoothing = 0.1)",
	"a# = nll(log_softmax(~3), y)",
	"a# = nll(log_softmax(~3), y, weight = [1, 0.5, 0.7])",
	"a# = nll(log_softmax(~3), y, reduction = \"sum\") * 0.1",
	"a# = mse(~2, z)",
	"a# = mse(~2, z, reduction = \"sum\") / N",
	"a# = mae(~2, z)",
	"a# = huber(~2, z)",
	"a# = huber(~2, z, delta = 0.3)",
	"a# = smooth_l1(~2, z)",
	"a# = smooth_l1(~2, z, beta = 0.5)",
	"a# = bce_with_logits(~2, sigmoid(z))",
	"a# = bce_with_logits(~2, sigmoid(z), weight = [0.5, 2], pos_weight = [1, 3])",
	"a# = bce_with_logits(~2, sigmoid(z), pos_weight = 2.5)",
	"a# = bce(0.01 + 0.98 * sigmoid(~2), sigmoid(z))",
	"a# = kl_div(log_softmax(~2), softmax(z))",
	"a# = kl_div(log_softmax(~3), softmax(~3), reduction = \"sum\") / N",
	"a# = hinge(~2, where(z > 0, 1, -1))",
	"a# = contrastive(sum((~2 - ~2) ** 2, dim = -1) + 0.1, where(z[:, 0] > 0, 1, 0))",
	"a# = contrastive(sum(~2 ** 2, dim = -1) + 0.1, sigmoid(z[:, 1]), margin = 2)",
	"a# = triplet(~3, ~3, ~3)",
	"a# = triplet(~2, z, ~2, margin = 0.5)",
	"a# = cosine_embedding(~3, ~3, where(z[:, 0] > 0, 1, -1))",
	"a# = cosine_embedding(~3, ~3, where(z[:, 0] > 0, 1, -1), margin = 0.2)",
	"a# = cosine_embedding(~3, ~3, where(z[:, 1] > 0, 1, -1), reduction = \"sum\") / N",
	"a# = focal(~3, y)",
	"a# = focal(~3, y, gamma = 1.5)",
	"a# = 0.5 * mse(~2, z) + 0.1 * mean(abs($))",
	"a# = linear(0.1, 0.5) * mean(square(tanh($)))",
	"a# = sum((~2 - z) ** 2) / N",
		"a# = mean(exp(0.1 * tanh($))) * rate",
	"a# = perplexity(tanh(~3), y) * 0.1",
	"a# = rmse(~2, z + 3)",
	"a# = -mean(pick(log_softmax(~3), y))",
	"mean(tanh($) ** 2)",          /* the last: without a name, once */
};

static const char *const metric[] = {
	"m# = accuracy(~3, y)", "m# = accuracy(~2, z > 0)", "m# = top_k_accuracy(~3, y, k = 2)", "m# = precision(~3, y)",
	"m# = recall(~3, y, average = \"micro\")", "m# = f1(~3, y, average = \"weighted\")", "m# = f1(~3, y)",
	"m# = auc(~3, y)", "m# = auc(~3, y, average = \"weighted\")", "m# = pr_auc(softmax(~3), y)", "m# = calibration_error(~3, y, bins = 7)", "m# = confusion(~3, y)",
	"m# = iou(~3, y)", "m# = dice(~3, y)", "m# = mse(~2, z)", "m# = mae(~2, z)", "m# = rmse(~2, z)",
	"m# = r2(~2, z)", "m# = mape(~2, z)", "m# = perplexity(~3, y)", "m# = cross_entropy(~3, y)", "m# = mean(abs($))",
	"m# = auc(sigmoid(~2), z > 0)", "m# = f1(~2, z > 0, average = \"binary\")", "m# = huber(~2, z)", "m# = nll(log_softmax(~3), y)",
	"m# = recall(~3, y)", "m# = precision(~3, y, average = \"weighted\")", "m# = top_k_accuracy(~6, class6)",
	"m# = pr_auc(~3, y, average = \"weighted\")", "m# = calibration_error(softmax(~3), y)", "m# = kl_div(log_softmax(~2), softmax(z))",
	"m# = hinge(~2, where(z > 0, 1, -1))", "m# = smooth_l1(~2, z)", "m# = bce_with_logits(~2, sigmoid(z))",
	"m# = bce(sigmoid(~2), sigmoid(z))", "m# = mean(triplet(~2, ~2, z, reduction = \"none\"))",
	"m# = cosine_embedding(~3, ~3, where(z[:, 0] > 0, 1, -1))", "m# = contrastive(sum(~2 ** 2, dim = -1), sigmoid(z[:, 1]))",
};

static const char *const output[] = {
	"o# = $", "o# = $", "o# = $", "o# = softmax(~3)", "o# = argmax(~3, dim = -1)", "o# = $ > 0", "o# = sigmoid($)", "o# = mean($)",
};

void results(Gen *g)
{
	int n = 1 + (int)below(g, 3);
	bool calm = g->calm;
	for (int i = 0; i < n; i++)
		written(g, "loss", i ? loss[below(g, sizeof loss / sizeof *loss - 1)] : loss[below(g, sizeof loss / sizeof *loss)]);
	if (chance(g, 15))
		line(g, chance(g, 50) ? "e%d = exit_branch(%s, y)" : "e%d = %s |> way: exit_branch(y)", g->count++,
		     any(g)->name);
	for (int i = 0; i < 3; i++)
		written(g, "output", output[below(g, sizeof output / sizeof *output)]);
	if (chance(g, 30))
		line(g, "output %s", g->v[g->nv - 1].name);
	for (int i = 0; i < 2 && !calm; i++)
		if (chance(g, 40)) {
			const char *m = metric[below(g, sizeof metric / sizeof *metric)];
			if (!strstr(m, "class6"))
				written(g, "metric", m);
		}
}
