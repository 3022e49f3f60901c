#!/usr/bin/env bash
# Looks for the servers, the browser and the npm packages that the tests start for themselves, and installs what is missing.
# Only root installs Debian packages; for anyone else it names them and ends with status 1. It starts and configures nothing.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

has_python() {
  local python
  for python in /usr/bin/python3 python3; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
  done
  return 1
}
has_program() { command -v "$1" >/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }

missing=()
has_python || missing+=(python3-venv)
has_program postgres || has_file '/usr/lib/postgresql/*/bin/postgres' || missing+=(postgresql)
has_program redis-server || missing+=(redis-server)
has_program slapd || missing+=(slapd)
has_program sshd || missing+=(openssh-server)
has_file '/usr/lib/*/samba/ldb/samba_dsdb.so' || missing+=(samba-ad-dc)
has_file '/usr/share/samba/setup/provision.ldif' || missing+=(samba-ad-provision)
has_program ldapsearch || missing+=(ldap-utils)
has_program apache2 || missing+=(apache2)
has_file '/usr/lib/apache2/modules/mod_auth_openidc.so' || missing+=(libapache2-mod-auth-openidc)
has_program chromium-headless-shell || missing+=(chromium-headless-shell)
has_program node || missing+=(nodejs)
has_program npm || missing+=(npm)

# The relying parties of tests/relying, once for each state of their lock file, in a cache beside every checkout.
install_relying_parties() {
  local parties cache
  parties="$(cd "$(dirname "$0")/../../tests/relying" && pwd)"
  cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/avain/relying-$(sha256sum <"$parties/package-lock.json" | cut -c 1-16)"
  if [ ! -e "$cache/node_modules" ]; then
    echo "Installing openid-client into $cache …"
    mkdir -p "$cache.new"
    cp "$parties/package.json" "$parties/package-lock.json" "$cache.new/"
    (cd "$cache.new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >/dev/null)
    rm -rf "$cache"
    mv "$cache.new" "$cache"
  fi
  if [ "$(readlink "$parties/../node_modules")" != "$cache/node_modules" ]; then
    ln -sfn "$cache/node_modules" "$parties/../node_modules"
  fi
}

if [ ${#missing[@]} -eq 0 ]; then
  install_relying_parties
  exit
fi
if [ "$(id -u)" -ne 0 ] || ! has_program apt-get; then
  {
    echo "The tests need these Debian packages, which are not installed:"
    echo "  ${missing[*]}"
    echo "Install them (as root: apt-get install --no-install-recommends ${missing[*]}), or run: make test-quick"
  } >&2
  exit 1
fi

# The tests start servers of their own: keep the packages' own ones from being started by the installation.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing ${missing[*]} …"
apt-get update -qq </dev/null
apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
install_relying_parties
