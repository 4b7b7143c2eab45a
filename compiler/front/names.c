/* names.c - tables of names: of other systems, of what is not built yet, of losses and metrics.
 *
 * In:    a name.   Out: its row, or 0.
 */
#include "elab.h"

#include <string.h>

/* "=": an argument of theirs and ours. */
static const Foreign foreign[] = {
	{ "Linear", "PyTorch", "dense" },
	{ "Dense", "Keras", "dense" },
	{ "linear_layer", "common", "dense" },
	{ "fc", "common", "dense" },
	{ "InnerProduct", "Caffe", "dense" },
	{ "Gemm", "ONNX", "dense" },
	{ "Conv1D", "Keras", "conv1d" },
	{ "Conv1d", "PyTorch", "conv1d" },
	{ "Conv2D", "Keras", "conv2d" },
	{ "Conv2d", "PyTorch", "conv2d" },
	{ "Conv3D", "Keras", "conv3d" },
	{ "Conv3d", "PyTorch", "conv3d" },
	{ "Convolution", "Caffe", "conv2d" },
	{ "MaxPool2d", "PyTorch", "max_pool2d" },
	{ "MaxPooling2D", "Keras", "max_pool2d" },
	{ "maxpool2d", "common", "max_pool2d" },
	{ "maxpool", "common", "max_pool2d" },
	{ "AvgPool2d", "PyTorch", "avg_pool2d" },
	{ "AveragePooling2D", "Keras", "avg_pool2d" },
	{ "Pooling", "Caffe", "max_pool2d" },
	{ "GlobalAveragePooling2D", "Keras", "global_avg_pool" },
	{ "AdaptiveAvgPool2d", "PyTorch", "global_avg_pool" },
	{ "GlobalMaxPooling2D", "Keras", "global_max_pool" },
	{ "BatchNorm1d", "PyTorch", "batch_norm" },
	{ "BatchNorm2d", "PyTorch", "batch_norm" },
	{ "BatchNormalization", "Keras", "batch_norm" },
	{ "BatchNorm", "Caffe", "batch_norm" },
	{ "batchnorm", "common", "batch_norm" },
	{ "LayerNorm", "PyTorch", "layer_norm" },
	{ "LayerNormalization", "Keras", "layer_norm" },
	{ "layernorm", "common", "layer_norm" },
	{ "GroupNorm", "PyTorch", "group_norm" },
	{ "RMSNorm", "PyTorch", "rms_norm" },
	{ "Embedding", "PyTorch and Keras", "embedding" },
	{ "Embed", "Caffe", "embedding" },
	{ "LSTM", "PyTorch and Keras", "lstm" },
	{ "GRU", "PyTorch and Keras", "gru" },
	{ "RNN", "PyTorch", "rnn" },
	{ "SimpleRNN", "Keras", "rnn" },
	{ "MultiheadAttention", "PyTorch", "multi_head_attention" },
	{ "MultiHeadAttention", "Keras", "multi_head_attention" },
	{ "Dropout", "PyTorch and Keras", "dropout" },
	{ "Dropout2d", "PyTorch", "spatial_dropout" },
	{ "SpatialDropout2D", "Keras", "spatial_dropout" },
	{ "GaussianNoise", "Keras", "gaussian_noise" },
	{ "ReLU", "PyTorch", "relu" },
	{ "GELU", "PyTorch", "gelu" },
	{ "SiLU", "PyTorch", "silu" },
	{ "swish", "Keras", "silu" },
	{ "Sigmoid", "PyTorch", "sigmoid" },
	{ "Tanh", "PyTorch", "tanh" },
	{ "Softmax", "PyTorch", "softmax" },
	{ "LogSoftmax", "PyTorch", "log_softmax" },
	{ "LeakyReLU", "PyTorch", "leaky_relu" },
	{ "ELU", "PyTorch", "elu" },
	{ "Softplus", "PyTorch", "softplus" },
	{ "Flatten", "PyTorch and Keras", "flatten" },
	{ "Reshape", "Keras", "reshape" },
	{ "view", "PyTorch", "reshape" },
	{ "cat", "PyTorch", "concat" },
	{ "Concat", "Caffe", "concat" },
	{ "Concatenate", "Keras", "concat" },
	{ "concatenate", "NumPy", "concat" },
	{ "chunk", "PyTorch", "split" },
	{ "CrossEntropyLoss", "PyTorch", "cross_entropy" },
	{ "SoftmaxWithLoss", "Caffe", "cross_entropy" },
	{ "categorical_crossentropy", "Keras", "cross_entropy" },
	{ "sparse_categorical_crossentropy", "Keras", "cross_entropy" },
	{ "crossentropy", "common", "cross_entropy" },
	{ "BCEWithLogitsLoss", "PyTorch", "bce_with_logits" },
	{ "binary_cross_entropy_with_logits", "PyTorch", "bce_with_logits" },
	{ "binary_crossentropy", "Keras", "bce_with_logits" },
	{ "binary_cross_entropy", "PyTorch", "bce" },
	{ "BCELoss", "PyTorch", "bce" },
	{ "MSELoss", "PyTorch", "mse" },
	{ "mse_loss", "PyTorch", "mse" },
	{ "mean_squared_error", "Keras", "mse" },
	{ "EuclideanLoss", "Caffe", "mse" },
	{ "L1Loss", "PyTorch", "mae" },
	{ "l1_loss", "PyTorch", "mae" },
	{ "mean_absolute_error", "Keras", "mae" },
	{ "HuberLoss", "PyTorch", "huber" },
	{ "nll_loss", "PyTorch", "nll" },
	{ "NLLLoss", "PyTorch", "nll" },
	{ "KLDivLoss", "PyTorch", "kl_div" },
	{ "SmoothL1Loss", "PyTorch", "smooth_l1" },
	{ "glorot_uniform", "Keras", "xavier_uniform" },
	{ "glorot_normal", "Keras", "xavier_normal" },
	{ "he_uniform", "Keras", "kaiming_uniform" },
	{ "he_normal", "Keras", "kaiming_normal" },
	{ "SGD", "PyTorch and Keras", "sgd" },
	{ "Adam", "PyTorch and Keras", "adam" },
	{ "AdamW", "PyTorch and Keras", "adamw" },
	{ "RMSprop", "PyTorch and Keras", "rmsprop" },
	{ "Adagrad", "PyTorch and Keras", "adagrad" },
	/* arguments */
	{ "activation", "=", "|> relu" },
	{ "kernel_size", "=", "kernel" },
	{ "strides", "=", "stride" },
	{ "pool_size", "=", "kernel" },
	{ "rate", "=", "p" },
	{ "use_bias", "=", "bias" },
	{ "out_features", "=", "units" },
	{ "out_channels", "=", "filters" },
	{ "num_embeddings", "=", "rows" },
	{ "embedding_dim", "=", "dim" },
	{ "axis", "=", "dim" },
	{ "keepdims", "=", "keepdim" },
	{ "kernel_initializer", "=", "init" },
	{ "bias_initializer", "=", "bias_init" },
	{ "learning_rate", "=", "lr" },
	{ "hidden_size", "=", "hidden" },
	{ "num_layers", "=", "layers" },
	{ "num_heads", "=", "heads" },
	{ "negative_slope", "=", "slope" },
	{ "epsilon", "=", "eps" },
};

const Foreign *foreign_find(const char *name)
{
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (!strcmp(foreign[i].foreign, name))
			return &foreign[i];
	return 0;
}

/* Names of language.md that are not built. */
static const struct { const char *what, *names;
} not_yet[] = {
	{ "the function", " sort topk " },
	{ "the initialiser", " orthogonal " },
	{ "the optimizer", " lamb " },
	{ "the regulariser", " l1 l2 elastic " },
	{ "the schedule",
	  " step multistep exponential linear poly cosine one_cycle inverse_sqrt "
	  "plateau piecewise steps epochs " },
	{ "the stopping rule", " early_stopping " },
	{ "the data function",
	  " standardize minmax categorical fill random_crop random_flip "
	  "random_shift random_rotate cutout mixup others columns column " },
	{ "the data source", " cifar10 cifar100 csv text images npy npz raw libsvm " },
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
		if (!strcmp(losses[i].name, name))
			return &losses[i];
	return 0;
}
