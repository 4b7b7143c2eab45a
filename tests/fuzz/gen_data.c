/* gen_data.c - the data section: where samples come from, and the inputs that a source can give.
 *
 * In:    the state of the generator.   Out: inputs and targets of the model, then the section.
 * Holds: a program of a source of files reads columns that rows.c can write.
 */
#include "gen.h"

/* ---- inputs ------------------------------------------------------------------------------- */

/* A source that has no classes of three: they are made of what it has. */
static void made_classes(Gen *g, const char *of)
{
	line(g, "y = argmax(%s, dim = -1)", of);
}

static void array_inputs(Gen *g, int few)
{
	Shape *s = &g->row;
	*s = (Shape){ 1 + (int)below(g, 3), { 3 + (int)below(g, 3), 1 + (int)below(g, 4), 1 + (int)below(g, 3) } };
	char dims[40] = "";
	for (int i = 0; i < s->rank; i++)
		put(dims, ", %d", s->d[i]);
	line(g, "input x: f32[N%s]", dims);
	keep(g, "x", *s);
	if (few == RAW) {
		made_classes(g, "flatten(x)[:, :3]");
		return;
	}
	g->lengths = chance(g, 50);
	if (g->lengths) {
		line(g, "input k: class(5)[N, 3]");
		line(g, "input count: i32[N]");
	}
	line(g, "target y: class(3)[N]");
	if (g->lengths)
		make(g, "embedding(k, 5, 2) * (1 + 0.1 * reshape(count * 0.25, N, 1, 1))", "", "", (Shape){ 2, { 3, 2 } });
}

static void text_inputs(Gen *g)
{
	g->steps = 2 + (int)below(g, 4);
	g->side = chance(g, 50) ? 256 : 3 + (int)below(g, 9);
	line(g, "input tokens: class(%d)[N, %d]", g->side, g->steps);
	line(g, "target next: class(%d)[N, %d]", g->side, g->steps);
	made_classes(g, "one_hot(tokens)[:, 0, :3]");
	line(g, "h = tokens |> embedding(%d, 3)", g->side);
	keep(g, "h", (Shape){ 2, { g->steps, 3 } });
	if (g->side < 20)
		line(g, "loss following = 0.1 * cross_entropy(dense(h, %d), next)", g->side);
}

void data_inputs(Gen *g, int few)
{
	g->source = few;
	switch (few) {
	case TABLE:
		line(g, "input x: f32[N, 2]");
		line(g, "target y: class(3)[N]");
		keep(g, "x", (Shape){ 1, { 2 } });
		break;
	case IMAGES:
		g->side = 3 + (int)below(g, 5);
		line(g, "input image: f32[N, 1, %d, %d]", g->side, g->side);
		line(g, "target y: class(3)[N]");
		keep(g, "image", (Shape){ 3, { 1, g->side, g->side } });
		break;
	case ARRAYS: case RAW:
		array_inputs(g, few);
		break;
	case SVM:
		g->row = (Shape){ 1, { 2 + (int)below(g, 5) } };
		line(g, "input x: f32[N, %d]", g->row.d[0]);
		line(g, "target y: class(3)[N]");
		keep(g, "x", g->row);
		break;
	case TEXT:
		text_inputs(g);
		break;
	case PICTURES:
		g->side = 2 + (int)below(g, 5);
		g->channels = chance(g, 50) ? 3 : 1;
		line(g, "input image: f32[N, %d, %d, %d]", g->channels, g->side, g->side + 1);
		line(g, "target y: class(3)[N]");
		keep(g, "image", (Shape){ 3, { g->channels, g->side, g->side + 1 } });
		break;
	default:                       /* CIFAR: a small piece goes on */
		line(g, "input image: f32[N, 3, 32, 32]");
		line(g, "target label: class(%s)[N]", g->hundred ? "100" : "10");
		line(g, "piece = image[:, :, %d:%d, 10:14]", g->hundred ? 20 : 5, g->hundred ? 23 : 8);
		made_classes(g, "piece[:, :, 0, 0]");
		keep(g, "piece", (Shape){ 3, { 3, 3, 4 } });
	}
}

/* ---- the section ---------------------------------------------------------------------------- */

/* Arguments of every source; stratified where a target has classes. */
static const char *dealt(Gen *g, bool classes)
{
	if (classes && chance(g, 30))
		return ONE_OF(g, ", split = kfold(3, shuffle = true, stratify = y)", ", balance = y, seed = 9",
		              ", split = holdout(val = 0.2, test = 0.2, stratify = y)");
	return ONE_OF(g, "", "", ", val = 0.25", ", val = 4, test = 4", ", seed = 4", ", shuffle = false", ", split = time(0.8)",
	              ", split = kfold(3)", ", cache = \"ram\"", ", cache = \"mmap\"", ", val = 0.2, seed = 11");
}

static const char *numbers(Gen *g)
{
	return ONE_OF(g, "x", "x", "x * 0.5", "standardize(x)", "minmax(x) - 0.5", "log1p(abs(x))", "fill(x, 0)",
	              "x |> normalize(mean = 0.5, std = 2)", "(x + k2) / 2", "clamp(x, min = -2, max = 2)");
}

static void table(Gen *g)
{
	add(g, "data csv(\"table.csv\"%s%s%s) { x = %s, y = %s }\n", ONE_OF(g, "", ", missing = \"mean\"", ", header = true"),
	    ONE_OF(g, "", ", sep = \";\"", ", val = 0.2"), ONE_OF(g, "", ", seed = 4", ", shuffle = false"),
	    ONE_OF(g, "standardize(others())", "columns(\"a\", \"b\")", "minmax(others()) - 0.5",
	           "fill(columns(\"a\", \"b\"), 0)", "one_hot(kind, 2)", "log1p(abs(columns(\"a\", \"b\")))",
	           "one_hot(categorical(kind), num_classes = 2)", "standardize(columns(\"a\", \"b\")) * k2",
	           "normalize(columns(\"a\", \"b\"), mean = [1, 2], std = [0.5, 2])"),
	    ONE_OF(g, "categorical(label)", "label", "column(\"the label\")"));
}

static void images(Gen *g)
{
	char crop[80], crop_padded[80];
	snprintf(crop, sizeof crop, "(images / 255) |> random_crop(%d) |> random_flip(p = 0.3)", g->side);
	snprintf(crop_padded, sizeof crop_padded, "random_crop(images / 255, size = %d, padding = 1)", g->side);
	add(g, "data idx(%s%s%s) { image = %s, y = labels }\n",
	    chance(g, 70) ? "\"images\"" : "images = \"a.idx\", labels = \"b.idx\"", ONE_OF(g, "", ", val = 0.1", ", seed = 7",
	    ", split = time(0.8)"), ONE_OF(g, "", ", test = 0.2", ", shuffle = false"),
	    ONE_OF(g, "images / 255", "images / 255 - 0.5", "(images - 127.5) / 127.5", "images * 0.01 + k2", "standardize(images)", "minmax(images / 255)",
	    "normalize(images / 255, mean = [0.5], std = [0.25])", "normalize(images, 127, 64)", crop, crop_padded,
	    "(images / 255) |> random_shift(pixels = 1) |> random_flip", "cutout(random_shift(images / 255, 1), 2)",
	    "(images / 255) |> cutout(size = 1)", "fill(images / 255, 0)",
	    "(images / 255) |> fill(value = 0.5)", "(images / 255) |> random_rotate(degrees = 30)"));
}

static void arrays(Gen *g)
{
	bool npz = chance(g, 50), body = chance(g, 70);
	if (npz)
		add(g, "data npz(\"all.npz\"%s)", dealt(g, true));
	else
		add(g, "data npy(x = \"x.npy\"%s, y = \"labels.npy\"%s)",
		    g->lengths ? ", k = \"k.npy\", count = \"count.npy\"" : "", dealt(g, true));
	if (body)
		add(g, " { x = %s%s, y = y }", numbers(g), g->lengths ? ", k = k, count = count" : "");
	add(g, "\n");
}

static void raw(Gen *g)
{
	char type[40] = "";
	put(type, "%s", ONE_OF(g, "f32", "f64", "f16", "bf16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"));
	for (int i = 0; i < g->row.rank; i++)
		put(type, "%s%d", i ? ", " : "[", g->row.d[i]);
	add(g, "data raw(x = \"x.bin\", type = \"%s]\"%s)", type, dealt(g, false));
	if (chance(g, 70))
		add(g, " { x = %s }", numbers(g));
	add(g, "\n");
}

static void text(Gen *g)
{
	const char *level = g->side == 256 ? ONE_OF(g, "", ", level = \"byte\"") : ", level = \"char\"";
	add(g, "data text(%s\"text.txt\"%s, context = %d%s)%s\n", chance(g, 20) ? "file = " : "", level, g->steps,
	    ONE_OF(g, "", ", val = 0.25", ", val = 0.2, test = 0.2", ", seed = 3"),
	    ONE_OF(g, "", " { tokens = tokens, next = next }"));
}

static void cifar(Gen *g)
{
	add(g, "data %s(\"cifar\"%s) { image = %s, label = labels }\n", g->hundred ? "cifar100" : "cifar10",
	    ONE_OF(g, "", ", val = 0.25", ", val = 4", ", seed = 4", ", cache = \"mmap\""),
	    ONE_OF(g, "images / 255", "normalize(images / 255, mean = [0.5, 0.4, 0.3], std = [0.2, 0.25, 0.3])",
	           "(images / 255) |> random_crop(32, padding = 4) |> random_flip", "images * 0.01 - k2",
	           "images |> normalize(127.5, 127.5) |> random_shift(2)"));
}

static void pictures(Gen *g)
{
	char size[40];
	snprintf(size, sizeof size, chance(g, 50) ? ", size = [%d, %d]" : "", g->side, g->side + 1);
	add(g, "data images(\"pictures\"%s%s) { image = %s, y = %s }\n", size,
	    ONE_OF(g, "", ", val = 0.25", ", val = 4, test = 4", ", seed = 4", ", split = kfold(3, shuffle = true, stratify = y)",
	           ", cache = \"ram\"", ", balance = y, seed = 9", ", split = time(0.8)"),
	    ONE_OF(g, "images / 255", "normalize(images / 255, mean = 0.5, std = 0.25)", "(images / 255) |> random_flip",
	           "images * 0.01 - k2", "standardize(images)", "(images / 255) |> cutout(size = 1)",
	           "images |> normalize(127.5, 127.5) |> random_shift(1) |> random_rotate(10)"),
	    ONE_OF(g, "labels", "categorical(labels)"));
}

static void synthetic(Gen *g)
{
	const char *kind = ONE_OF(g, "\"random\"", "\"linear\"", "\"sequence\"", "kind = \"random\"");
	add(g, "data synthetic(%s%s%d%s%s%s%s)\n", kind, *kind == 'k' || chance(g, 20) ? ", n = " : ", ", 16 + (int)below(g, 60),
	    ONE_OF(g, "", ", noise = 0.2", ", noise = 0"), ONE_OF(g, "", ", seed = 5"),
	    ONE_OF(g, "", ", shuffle = false", ", shuffle = true"),
	    ONE_OF(g, ", val = 0.25", ", val = 8, test = 4", ", split = holdout(val = 0.2, test = 0.2, stratify = y)",
	           ", split = time(0.8)", ", split = kfold(3)", ", split = kfold(4, shuffle = true, stratify = y)", ", val = 0.2, test = 0.1"));
}

void data_section(Gen *g)
{
	switch (g->source) {
	case IMAGES: images(g); break;
	case TABLE: table(g); break;
	case ARRAYS: arrays(g); break;
	case RAW: raw(g); break;
	case SVM:
		add(g, "data libsvm(\"rows.svm\"%s)", dealt(g, true));
		if (chance(g, 70))
			add(g, " { x = %s, y = y }", numbers(g));
		add(g, "\n");
		break;
	case TEXT: text(g); break;
	case CIFAR: cifar(g); break;
	case PICTURES: pictures(g); break;
	default: synthetic(g);
	}
}
