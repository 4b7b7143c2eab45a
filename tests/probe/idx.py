"""idx.py FOLDER HEIGHT WIDTH - four IDX files of 16 pictures and labels below ten each."""
import os
import struct
import sys

folder, height, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = 16
os.makedirs(folder, exist_ok=True)
for part in ("train", "t10k"):
    with open(f"{folder}/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4i", 0x803, rows, height, width))
        f.write(bytes(i * 7 % 256 for i in range(rows * height * width)))
    with open(f"{folder}/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2i", 0x801, rows) + bytes(i % 10 for i in range(rows)))
