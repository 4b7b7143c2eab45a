"""infer_tflite.py - TensorFlow Lite with XNNPACK; VARIANT: the batch.  Converts at first use."""
from peer import DIR, NAME, THREADS, VARIANT, WORK, infer, os, seeded_inputs, seeded_weights
import tensorflow as tf

batch, s = int(VARIANT), WORK["sizes"]
path = f"{DIR}/{NAME}.b{batch}.tflite"
if not os.path.exists(path):
    i = x = tf.keras.Input((s[0],), batch_size=batch)
    for n in s[1:-1]:
        x = tf.keras.layers.Dense(n, "relu")(x)
    net = tf.keras.Model(i, tf.keras.layers.Dense(s[-1])(x))
    net.set_weights([a for m, b in seeded_weights(WORK) for a in (m.T, b)])
    with open(path, "wb") as f:
        f.write(tf.lite.TFLiteConverter.from_keras_model(net).convert())
t = tf.lite.Interpreter(path, num_threads=THREADS)
t.allocate_tensors()
t.set_tensor(t.get_input_details()[0]["index"], seeded_inputs(WORK, batch))
infer(t.invoke, batch, lambda: t.get_tensor(t.get_output_details()[0]["index"]))
