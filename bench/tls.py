"""What TLS costs NGINX: with each cipher and without it, on connections that stay and on one per request.

As nginx.py measures it. TLS 1.3, X25519, a certificate of ECDSA P-256; a connection per request means a
full handshake for each, as sessions are not resumed.
"""

import os
import subprocess
import tempfile

import nginx

NATIVE = nginx.BUILD / "native" / "nginx-tls"
MODULES = nginx.BUILD / "modules"

# name: where the server is asked
SERVERS = {
    "plain HTTP": f"http://{nginx.GUEST}",
    "ChaCha20-Poly1305": f"https://{nginx.GUEST}",
    "AES-128-GCM": f"https://{nginx.GUEST}:444",
}
SIZES = ["1K", "100K", "1M"]

TLS = """
    ssl_certificate {folder}/etc/nginx/tls/server.pem;
    ssl_certificate_key {folder}/etc/nginx/tls/server.key;
    ssl_protocols TLSv1.3;
    ssl_ecdh_curve X25519;
    ssl_session_cache off;
    ssl_session_tickets off;
    server {{
        listen 443 ssl;
        root {www};
        ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
    }}
    server {{
        listen 444 ssl;
        root {www};
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    }}
}}
"""


def configuration(folder):
    """nginx.py's, with two servers more; @folder: what /etc lies in."""
    return nginx.CONFIGURATION.rstrip().removesuffix("}}") + TLS.replace("{folder}", folder)


def requirements():
    nginx.requirements()
    for path, target in ((NATIVE, "native-tls"), (MODULES / "sfi/nginx-tls.cub", "nginx-tls")):
        if not path.exists():
            how = "make nginx-tls" if target == "nginx-tls" else "make -f modules.mk native-tls"
            raise nginx.Missing(f"{path} is not there: '{how}' builds it")


def measure(configurations, rounds, seconds, note):
    """As nginx.measure(); returns {name: {server: {mode: {size: [a result per round]}}}}."""
    requirements()
    processors = sorted(os.sched_getaffinity(0))
    results = {c: {s: {m: {} for m in nginx.MODES} for s in SERVERS} for c in configurations}
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with nginx.Network() as network, tempfile.TemporaryDirectory(dir=shared) as folder:
        nginx.make_root(folder, configuration(""))
        subprocess.run([nginx.TOP / "apps/nginx/certificate.sh", f"{folder}/etc/nginx/tls"], check=True)
        for number in range(rounds):
            for name, options in configurations.items():
                note(f"nginx-tls round {number + 1}/{rounds}: {name}")
                start = (nginx.native_server(network, folder, processors[0], configuration(folder),
                                             NATIVE) if options is None else
                         nginx.cubicle_server(network, folder, processors[0], options, "nginx-tls"))
                with start as pid:
                    nginx.await_server(network)
                    for server, address in SERVERS.items():
                        for mode, extra in nginx.MODES.items():
                            for size in SIZES:
                                results[name][server][mode].setdefault(size, []).append(
                                    nginx.request(network, processors[-1], size, extra, seconds,
                                                  pid, address))
    return results


def print_results(results, titles):
    for server in SERVERS:
        print(f"\n=== {server}", end="")
        nginx.print_results({c: results[c][server] for c in results}, titles)
