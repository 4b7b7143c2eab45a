"""train_tf.py - TensorFlow and Keras in a tf.function; VARIANT xla: compiled by XLA."""
from peer import THREADS, VARIANT, WORK, batches, begin, train
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)
s = WORK["sizes"]
i = x = tf.keras.Input((s[0],))
for n in s[1:-1]:
    x = tf.keras.layers.Dense(n, WORK["act"])(x)
x = tf.keras.layers.Dense(s[-1], "sigmoid" if WORK["act"] == "sigmoid" else None)(x)
net = tf.keras.Model(i, x)
net.set_weights([a for m, b in begin() for a in (m.T, b)])
opt = (tf.keras.optimizers.SGD(WORK["lr"]) if WORK["opt"] == "sgd" else
       tf.keras.optimizers.Adam(WORK["lr"], epsilon=1e-8))
opt.build(net.trainable_variables)


@tf.function(jit_compile=VARIANT == "xla")
def one(x, y):
    with tf.GradientTape() as tape:
        o = net(x, training=True)
        if WORK["loss"] == "squares":
            loss = 0.5 * tf.reduce_sum((o - y) ** 2) / WORK["batch"]
        else:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, o))
    opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
    return loss


data = [(tf.constant(x), tf.constant(y)) for x, y in batches()]
kept = [None]


def step(i):
    kept[0] = one(*data[i])
    return kept[0]


def now():
    p = [v.numpy() for v in net.trainable_variables]
    return [(w.T, b) for w, b in zip(p[::2], p[1::2])]


train(step, lambda: kept[0].numpy(), now)
