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
p = net.trainable_variables
m, v = ([tf.Variable(tf.zeros_like(q), trainable=False) for q in p] for _ in range(2))
t = tf.Variable(0.0, trainable=False)


def update(gradients):
    """Keras's own steps; its Adam adds epsilon to a root that is not corrected yet, PyTorch's does not."""
    if WORK["opt"] == "sgd":
        for q, g in zip(p, gradients):
            q.assign_sub(WORK["lr"] * g)
        return
    t.assign_add(1.0)
    c1, c2 = 1 - tf.pow(0.9, t), 1 - tf.pow(0.999, t)
    for q, g, a, b in zip(p, gradients, m, v):
        a.assign_add((g - a) * 0.1)
        b.assign_add((g * g - b) * 0.001)
        q.assign_sub(a * (WORK["lr"] / c1) / (tf.sqrt(b) * tf.math.rsqrt(c2) + 1e-8))


@tf.function(jit_compile=VARIANT == "xla")
def one(x, y):
    with tf.GradientTape() as tape:
        o = net(x, training=True)
        if WORK["loss"] == "squares":
            loss = 0.5 * tf.reduce_sum((o - y) ** 2) / WORK["batch"]
        else:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, o))
    update(tape.gradient(loss, p))
    return loss


data = [(tf.constant(x), tf.constant(y)) for x, y in batches()]
kept = [None]


def step(i):
    kept[0] = one(*data[i])
    return kept[0]


def now():
    a = [q.numpy() for q in p]
    return [(w.T, b) for w, b in zip(a[::2], a[1::2])]


train(step, lambda: kept[0].numpy(), now)
