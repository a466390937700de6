#!/usr/bin/env bash
# Makes .venv and installs what is missing. Run by `make setup`.
#   REFERENCE=full  also what the wider checks need: further R packages, Chromium, LibreOffice
#   SYSTEM=skip     leave the system's packages alone; without R the reports say "not verified"
# A second run finds everything in place and starts no download.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

r_packages=(r-base-core r-base-dev r-cran-survival)
packages=(gcc libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk poppler-utils)
reference=(r-cran-rms r-cran-riskregression r-cran-cmprsk r-cran-cluster r-cran-mice chromium libreoffice)

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

own_r() { # an R that Debian did not install, with survival: nothing to add
    ! installed r-base-core && command -v R >/dev/null &&
        R --vanilla --no-echo -e 'stopifnot(requireNamespace("survival", quietly = TRUE))' >/dev/null 2>&1
}

fits() { # a Python of 3.11 to 3.13 that can make a virtual environment and has its headers
    "$1" - >/dev/null 2>&1 <<'PYTHON'
import ensurepip, os, sys, sysconfig, venv
headers = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13) and os.path.exists(headers)))
PYTHON
}

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if command -v "$name" >/dev/null && fits "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

missing_packages() {
    local wanted=("${packages[@]}") name
    own_r || wanted+=("${r_packages[@]}")
    [ -n "$(find_python)" ] || wanted+=(python3 python3-venv python3-dev)
    [ "${REFERENCE:-}" != full ] || wanted+=("${reference[@]}")
    for name in "${wanted[@]}"; do
        installed "$name" || printf '%s\n' "$name"
    done
}

install_system() {
    local missing command=()
    command -v dpkg-query >/dev/null ||
        die "this machine has no dpkg: install R with survival, Pango, HarfBuzz-Subset, poppler, a CJK font, gcc and Python 3.11 to 3.13" \
            "in its own way, then run: make setup SYSTEM=skip"
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "missing: ${missing[*]}. There is no sudo here. As root, run:" \
            "apt-get update && apt-get install ${missing[*]}   (or go on without: make setup SYSTEM=skip)"
        command=(sudo)
    fi
    say "installing ${missing[*]}"
    command+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)
    { "${command[@]}" update && "${command[@]}" install -y --no-install-recommends "${missing[@]}"; } >&2 ||
        die "apt-get failed (see above). Mend it, or go on without: make setup SYSTEM=skip"
}

install_python() {
    local python=$1 rpy2 extras=dev state
    mapfile -t rpy2 < <("$python" -B -m reporter.pipeline.r_support)
    if [ ${#rpy2[@]} -gt 0 ]; then extras=dev,verify; else say "no R found: reports will say \"not verified\""; fi
    state=$({ pwd; "$python" -VV; echo "$extras ${rpy2[*]}"; cat pyproject.toml .constraints.txt; } | sha256sum)
    if [ -x .venv/bin/reporter ] && [ "$(cat .venv/.set-up 2>/dev/null)" = "$state" ]; then return; fi
    say "Python packages into .venv (${python})"
    rm -f .venv/.set-up
    if ! .venv/bin/python -c 'import pip' 2>/dev/null || [ "$(.venv/bin/python -VV)" != "$("$python" -VV)" ]; then
        rm -rf .venv
        "$python" -m venv .venv
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint .constraints.txt --editable ".[$extras]" "${rpy2[@]}" ||
        die "pip could not install the Python packages (see above)"
    printf '%s\n' "$state" >.venv/.set-up
}

[ "${SYSTEM:-}" = skip ] || install_system
python=$(find_python)
[ -n "$python" ] || die "no Python 3.11 to 3.13 with venv and headers. On Debian: apt-get install python3 python3-venv python3-dev"
install_python "$python"
