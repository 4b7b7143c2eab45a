"""train_jax.py - JAX: the whole step in one jit, buffers donated."""
from peer import THREADS, WORK, batches, begin, os, train
if THREADS == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
import jax
import jax.numpy as jnp

params = [dict(w=jnp.asarray(m.T), b=jnp.asarray(b)) for m, b in begin()]
zero = jax.tree.map(jnp.zeros_like, params)
lr = WORK["lr"]


def loss(p, x, y):
    f = jax.nn.sigmoid if WORK["act"] == "sigmoid" else jax.nn.relu
    for k, q in enumerate(p):
        x = x @ q["w"] + q["b"]
        if k + 1 < len(p) or WORK["act"] == "sigmoid":
            x = f(x)
    if WORK["loss"] == "squares":
        return 0.5 * ((x - y) ** 2).sum() / x.shape[0]
    return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], -1).mean()


def one(p, s, x, y):
    val, g = jax.value_and_grad(loss)(p, x, y)
    if WORK["opt"] == "sgd":
        return jax.tree.map(lambda p, g: p - lr * g, p, g), s, val
    m, v, t = s
    t = t + 1
    c1, c2 = 1 - 0.9 ** t, 1 - 0.999 ** t
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    p = jax.tree.map(lambda p, m, v: p - lr * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), p, m, v)
    return p, (m, v, t), val


one = jax.jit(one, donate_argnums=(0, 1))
state = [params, () if WORK["opt"] == "sgd" else (zero, jax.tree.map(jnp.copy, zero), jnp.float32(0))]
data = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches()]


def step(i):
    state[0], state[1], val = one(*state, *data[i])
    return val


train(step, lambda: jax.block_until_ready(state[0]),
      lambda: [(jax.device_get(q["w"]).T, jax.device_get(q["b"])) for q in state[0]])
