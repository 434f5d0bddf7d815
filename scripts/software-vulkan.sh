#!/usr/bin/env bash
# A Vulkan adapter in software (Mesa's lavapipe), for the WebGPU tests on a machine without a graphics card. On Debian and
# what descends from it, as root; anywhere else it says why it does nothing. Running it again changes nothing.
#
# ONNX Runtime's WebGPU needs a lavapipe newer than Debian bookworm's (22.3: "shaderUniform*ArrayDynamicIndexing required");
# 25.0 serves, from bookworm-backports or trixie. The backports suite is looked for where the machine finds its Debian now.
set -euo pipefail
NEWEST_TOO_OLD=22.3.999
BACKPORTS=/etc/apt/sources.list.d/software-vulkan-backports

say() { echo "software-vulkan: $*"; }
version_of() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || true; }
candidate_of() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'; }
serves() { [ -n "$1" ] && [ "$1" != '(none)' ] && dpkg --compare-versions "$1" gt "$NEWEST_TOO_OLD"; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

# Each entry that offers the release itself, once more with its backports.
add_backports() {
  local release="$1" suite="$1-backports" file
  rm -f "$BACKPORTS.list" "$BACKPORTS.sources"
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] && awk -v release="$release" -v suite="$suite" '
      BEGIN { RS = ""; FS = "\n" }
      {
        offers = 0
        for (i = 1; i <= NF; i++) if ($i ~ "^Suites:(.* )?" release "( |$)") { offers = 1; $i = "Suites: " suite }
        if (offers) { for (i = 1; i <= NF; i++) if ($i !~ /^#/) print $i; print "" }
      }' "$file" >>"$BACKPORTS.sources"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$file" ] && sed -n "s/^\(deb .*\) $release main.*/\1 $suite main/p" "$file" >>"$BACKPORTS.list"
  done
  for file in "$BACKPORTS.list" "$BACKPORTS.sources"; do
    [ -s "$file" ] || rm -f "$file"
  done
}

if ! command -v apt-get >/dev/null; then say 'nothing done: no apt here'; exit 0; fi
if [ "$(id -u)" -ne 0 ]; then say 'nothing done: not root'; exit 0; fi
if [ -n "$(version_of libvulkan1)" ] && serves "$(version_of mesa-vulkan-drivers)"; then
  say "already there: mesa-vulkan-drivers $(version_of mesa-vulkan-drivers)"
  exit 0
fi

apt-get update -qq
install libvulkan1
if serves "$(candidate_of mesa-vulkan-drivers)"; then
  install mesa-vulkan-drivers
else
  release="$(. /etc/os-release && echo "${VERSION_CODENAME:?}")"
  add_backports "$release"
  apt-get update -qq
  install -t "$release-backports" mesa-vulkan-drivers
fi
say "installed: mesa-vulkan-drivers $(version_of mesa-vulkan-drivers)"
