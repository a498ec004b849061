"""Opens a sealed copy with librnp, as Thunderbird does: librnp.py LIBRARY SECRET COPY.

The plain text goes to standard output; how many signatures hold, to standard error.
With LIBRARY alone it prints the library's version.
"""
import ctypes
import sys

lib = ctypes.CDLL(sys.argv[1])
lib.rnp_version_string_full.restype = ctypes.c_char_p
if len(sys.argv) == 2:
    print("librnp " + lib.rnp_version_string_full().decode())
    sys.exit()


def must(result):
    if result != 0:
        sys.exit(f"librnp: {result:#x}")


ffi, secret, copied, out = (ctypes.c_void_p() for _ in range(4))
must(lib.rnp_ffi_create(ctypes.byref(ffi), b"GPG", b"GPG"))
must(lib.rnp_input_from_path(ctypes.byref(secret), sys.argv[2].encode()))
must(lib.rnp_import_keys(ffi, secret, 3, None))  # public and secret
must(lib.rnp_input_from_path(ctypes.byref(copied), sys.argv[3].encode()))
must(lib.rnp_output_to_memory(ctypes.byref(out), 0))
verify = ctypes.c_void_p()
must(lib.rnp_op_verify_create(ctypes.byref(verify), ffi, copied, out))
lib.rnp_op_verify_set_flags(verify, 2)  # what cannot be verified is decrypted all the same
must(lib.rnp_op_verify_execute(verify))
count, good = ctypes.c_size_t(), 0
must(lib.rnp_op_verify_get_signature_count(verify, ctypes.byref(count)))
for i in range(count.value):
    signature = ctypes.c_void_p()
    must(lib.rnp_op_verify_get_signature_at(verify, ctypes.c_size_t(i), ctypes.byref(signature)))
    good += lib.rnp_op_verify_signature_get_status(signature) == 0
print(f"{good} good of {count.value}", file=sys.stderr)
buffer, length = ctypes.POINTER(ctypes.c_uint8)(), ctypes.c_size_t()
must(lib.rnp_output_memory_get_buf(out, ctypes.byref(buffer), ctypes.byref(length), False))
sys.stdout.buffer.write(bytes(buffer[: length.value]))
