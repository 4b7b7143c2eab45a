"""batch.py FILE - five rows for the trainer of tests/bad/plain.nn."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402

safetensors.save(sys.argv[1], {"x": ([5, 4], [i / 7 - 1 for i in range(20)]), "t": ([5], [0, 1, 2, 0, 1])}, {"t": "I64"})
