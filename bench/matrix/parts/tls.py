"""What TLS costs NGINX: with each cipher and without it, on connections that stay and on one per request.

TLS 1.3, X25519, a certificate of ECDSA P-256; a connection per request means a full handshake for each, as sessions
are not resumed.
"""

import functools
import tempfile

import nginx as server
from matrix import configurations as c
from matrix.commands import BUILD, NATIVE, SHARED, TOP, Missing, execute
from matrix.parts import nginx
from matrix.results import Sample
from matrix.turns import Part, Plan, Step

PROGRAM = NATIVE / "nginx-tls"
# name: where the server is asked
SERVERS = {
    "plain HTTP": f"http://{server.GUEST}",
    "ChaCha20-Poly1305": f"https://{server.GUEST}",
    "AES-128-GCM": f"https://{server.GUEST}:444",
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
    """That of bench/nginx.py, with two servers more; @folder: what /etc lies in."""
    return server.CONFIGURATION.rstrip().removesuffix("}}") + TLS.replace("{folder}", folder)


def started(network, folder, which):
    processor = nginx.processors()[0]
    if which is c.NATIVE:
        return server.native_server(network, folder, processor, configuration(folder), PROGRAM)
    return server.cubicle_server(network, folder, processor, which.options, "nginx-tls")


def measure(which, seconds, note):
    samples = []
    with server.Network() as network, tempfile.TemporaryDirectory(dir=SHARED) as folder:
        server.make_root(folder, configuration(""))
        execute([TOP / "apps/nginx/certificate.sh", f"{folder}/etc/nginx/tls"])
        with started(network, folder, which) as pid:
            server.await_server(network, pid)
            for name, mode, size in asked():
                note(f"{name}, {mode}, {size}")
                answer = server.request(network, nginx.processors()[1], size, server.MODES[mode],
                                        seconds, pid, SERVERS[name])
                samples += [prefixed(name, s) for s in nginx.samples_of(which.name, mode, size, answer)]
    return add_up(samples)


def add_up(samples):
    """One sample for all failures."""
    failures = [s for s in samples if s.row == nginx.FAILURES]
    rest = [s for s in samples if s.row != nginx.FAILURES]
    total = sum(s.value for s in failures)
    return [*rest, failures[0]._replace(value=total)] if failures else rest


def prefixed(name, sample):
    if sample.row == nginx.FAILURES:
        return sample
    return Sample(sample.configuration, sample.row._replace(name=f"{name}, {sample.row.name}"),
                  sample.value)


def asked():
    return [(name, mode, size) for name in SERVERS for mode in server.MODES for size in SIZES]


def plan(settings):
    server.requirements()
    for path in (BUILD / "modules" / kind / "nginx-tls.cub" for kind in ("sfi", "plain")):
        if not path.exists():
            raise Missing(f"{path} is not there: 'make nginx-tls' builds it")
    absent = []
    if not PROGRAM.exists():
        absent.append(("native", "all", "'make -f modules.mk native-tls' builds it"))
    matrix = ([] if absent else [c.NATIVE]) + [c.DIRECT, c.SFI]
    steps = [Step(which.name, which.title, len(asked()) * settings.seconds + 2,
                  functools.partial(measure, which, settings.seconds)) for which in matrix]
    return Plan(steps, {"connections": server.CONNECTIONS, "seconds each": settings.seconds}, absent)


PART = Part("nginx-tls", "NGINX with TLS 1.3, by cipher", "As NGINX by size.", plan)
