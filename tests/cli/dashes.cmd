../../models/mlp.nn -- --epochs 1
