"""Modules that `make` does not build, because they take long (OPTIONAL in modules.mk)."""

import subprocess

from harness import BUILD, TOP


def why_not(*names, target="nginx-tls", kinds=("sfi", "plain")):
    """Why tests of these modules cannot run here; None: they can."""
    modules = [BUILD / "modules" / k / f"{n}.cub" for k in kinds for n in names]
    if not all(m.exists() for m in modules):
        return f"not built: make {target}"
    done = subprocess.run(["make", "-q", "-f", "modules.mk", *(m.relative_to(TOP) for m in modules)],
                          cwd=TOP, capture_output=True, check=False)
    return f"older than its sources: make {target}" if done.returncode else None
