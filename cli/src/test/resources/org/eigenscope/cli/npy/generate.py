"""Writes the .npy files beside it: the numbers 0 to 11 of shape [2, 3, 2], as NumPy 2.4.6 does."""

import numpy as np
from numpy.lib import format

counting = np.arange(12).reshape(2, 3, 2)
np.save("float32.npy", counting.astype("<f4"))
np.save("float32_fortran.npy", np.asfortranarray(counting.astype("<f4")))
np.save("float64_big_endian.npy", counting.astype(">f8"))
np.save("float64_big_endian_fortran.npy", np.asfortranarray(counting.astype(">f8")))
np.save("float16.npy", counting.astype("<f2"))
np.save("int64.npy", counting.astype("<i8"))
np.save("uint8.npy", counting.astype("u1"))
for version in (2, 3):
    with open(f"float32_version_{version}.npy", "wb") as file:
        format.write_array(file, counting.astype("<f4"), version=(version, 0))
np.save("bool.npy", counting % 2 == 1)
np.save("complex64.npy", counting.astype("<c8"))
np.save("object.npy", np.array([None, "x"], dtype=object), allow_pickle=True)
np.save("structured.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
np.save("scalar.npy", np.float32(1))
np.save("empty.npy", np.zeros((0, 4), "<f4"))
