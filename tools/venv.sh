#!/usr/bin/env bash
#
# Make one of the project's own virtual environments, or bring it up to date.
#
# usage: tools/venv.sh [test|docs|bench|lint|mutants|cloud|tempest|watcher]
#
#   test   the package with what its tests, demo and benchmark need (default)
#   docs   adds what the documentation is built with
#   bench  adds what the benchmarks' plots are drawn with
#   lint   adds pre-commit, which brings the linters itself
#   mutants
#          adds Cosmic Ray, which makes mutants of the code
#   cloud, tempest, watcher
#          what the cloud in a box is made of, in environments of their own
#          (.cloud/venv and so on), still without this project
#
# Every version comes from constraints.txt. The Makefile calls this when one of
# the files that it reads has changed. It needs git and a Python of 3.11 or
# newer; where that Python cannot make environments, as on a Debian without
# python3-venv, the package is installed if we are root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly WHAT=${1:-test}
case $WHAT in
    cloud) readonly VENV=.cloud/venv ;;
    tempest | watcher) readonly VENV=.cloud/$WHAT ;;
    *) readonly VENV=.venv ;;
esac

fail() {
    printf 'tools/venv.sh: %s\n' "$*" >&2
    exit 1
}

check_python() {
    command -v python3 >/dev/null ||
        fail 'no python3: install Python 3.11 or newer'
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$(python3 --version) is too old: 3.11 or newer is needed"
}

can_make_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null
}

install_venv_module() {
    local package
    package=$(python3 -c \
        'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        fail "python3 cannot make environments: install $package (Debian," \
            "Ubuntu), or its like elsewhere, and try again"
    fi
    printf 'Installing %s\n' "$package"
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive \
        apt-get -q install --yes --no-install-recommends "$package"
    can_make_venv ||
        fail "python3 cannot make environments in spite of $package"
}

make_venv() {
    if "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    check_python
    can_make_venv || install_venv_module
    python3 -m venv --clear "$VENV"
}

pip_install() {
    "$VENV/bin/python" -m pip --disable-pip-version-check install \
        --quiet --constraint constraints.txt "$@"
}

# pbr takes the version from git. A tree without history, such as an unpacked
# archive, gets one that sorts before every release.
if ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    export PBR_VERSION=${PBR_VERSION:-0.0.1.dev0}
fi

make_venv
printf 'Installing into %s: %s\n' "$VENV" "$WHAT"
case $WHAT in
    test)
        pip_install --requirement requirements.txt \
            --requirement test-requirements.txt --editable .
        ;;
    docs)
        pip_install --requirement doc/requirements.txt
        ;;
    bench)
        pip_install --requirement bench/requirements.txt
        ;;
    lint)
        pip_install pre-commit
        ;;
    mutants)
        pip_install cosmic-ray
        ;;
    cloud)
        pip_install --requirement tests/cloud/requirements.txt
        ;;
    tempest)
        pip_install tempest
        ;;
    watcher)
        pip_install python-watcher python-watcherclient gunicorn
        ;;
    *)
        fail "unknown: $WHAT (test, docs, bench, lint, mutants, cloud, tempest or" \
            "watcher)"
        ;;
esac
