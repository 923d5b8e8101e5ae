#!/usr/bin/env python3
"""OpenSSL's own tests of ciphers, hashes, numbers and curves, in a cubicle.

    tests/apps/openssl.py [WORD...]     only tests whose name contains a word

`make nginx-tls` builds them; where it was not, the one test says so. What takes time is assembly, which is
rewritten for `sfi`: what it computes is compared with upstream's tables, with all the processor's
extensions, and with some of them left out.
"""

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, CUBICLE, Skip, Suite, check, execute, mode, modules_of  # noqa: E402
from optional import why_not  # noqa: E402

DATA = BUILD / "src" / "openssl" / "test" / "recipes"
EVP = ["ciph_aes_common", "ciph_aes_ccm_cavs", "ciph_aes_wrap", "ciph_aes_stitched", "ciph_chacha",
       "ciph_des3_common", "kdf_hkdf", "kdf_pbkdf2", "kdf_tls12_prf", "kdf_tls13_kdf", "mac_common",
       "mac_poly1305", "md_sha", "pkey_ffdhe", "pkey_dh", "pkey_ecc", "pkey_ecdh", "pkey_ecdsa",
       "pkey_ecx", "pkey_kas", "pkey_mismatch", "pkey_rsa", "pkey_rsa_common", "rand"]
NUMBERS = ["exp", "mod", "mul", "shift", "sum", "gcd"]
# Extensions that OpenSSL is told not to see, beyond what the processor lacks (OPENSSL_ia32cap(3)).
PROCESSORS = {
    "as it is": None,
    "without AES, PCLMULQDQ": "~0x200000200000000",
    "without AVX2, BMI, SHA": ":~0x20000128",
    "without AVX": "~0x1000000000000000:~0x20",
    "without SSSE3": "~0x1200020200000000:~0x20",
}


def run(test, folder, names, isolation, processor):
    environment = [f"--env=OPENSSL_ia32cap={processor}"] if processor else []
    for name in names:
        arguments = [f"/{name}"] if name else []
        result = execute([CUBICLE, "run", modules_of(isolation) / f"test-openssl-{test}.cub",
                          *mode(isolation), f"--root={DATA / folder}", *environment, "--", *arguments],
                         timeout=300)
        check(result.status == 0, f"{test} {name}", result)


def skip(why):
    raise Skip(why)


def main():
    suite = Suite("openssl")
    os.environ.setdefault("CUBICLE_TEST_JOBS", "1")
    why = why_not(*[f"test-openssl-{t}" for t in ("evp_test", "bntest", "ectest")])
    if why:
        suite.add("OpenSSL", skip, why)
        return suite.main([""])
    for isolation in ("sfi", "none"):
        for name, bits in list(PROCESSORS.items())[:5 if isolation == "sfi" else 1]:
            suite.add(f"EVP, {isolation}, {name}", run, "evp_test", "30-test_evp_data",
                      [f"evp{n}.txt" for n in EVP], isolation, bits)
            suite.add(f"numbers, {isolation}, {name}", run, "bntest", "10-test_bn_data",
                      [*(f"bn{n}.txt" for n in NUMBERS), ""], isolation, bits)
            suite.add(f"curves, {isolation}, {name}", run, "ectest", "10-test_bn_data", [""],
                      isolation, bits)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
