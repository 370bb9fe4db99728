#!/bin/sh
# Installs Debian's redis-server, or the package that is named, (as root) for the tests, without starting or enabling its
# service on port 6379.
set -eu
package=${1:-redis-server}
export DEBIAN_FRONTEND=noninteractive

# policy-rc.d is how Debian lets an administrator forbid services to start; 101 means forbidden.
policy=/usr/sbin/policy-rc.d
kept=
if [ -e "$policy" ] || [ -L "$policy" ]; then
  kept=$(mktemp -u "$policy.XXXXXX")
  mv "$policy" "$kept"
fi
restore() {
  rm -f "$policy"
  if [ -n "$kept" ]; then mv "$kept" "$policy"; fi
}
trap restore EXIT
trap 'exit 1' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

apt-get -qq update
apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$package" </dev/null

if [ -d /run/systemd/system ]; then systemctl disable --quiet "$package" || true; fi
