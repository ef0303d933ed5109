# Shared by the scripts in tools/: where things are, how to say what happens, how to build. Sourced, never run.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8

say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Half as many compile jobs as gigabytes of memory at most: one file with spdlog or toml++ under a sanitizer takes over 1 GiB.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
  ((memory < 1)) && memory=1
  echo $((cores < memory ? cores : memory))
}

# build PRESET TARGET... : configures when there is something to configure, then builds. EXTRA holds more -D flags.
build() {
  local preset=$1 log=$root/.build/$1.log
  shift
  mkdir -p "$root/.build"
  if ! (cd "$root" && cmake --preset "$preset" ${EXTRA:+$EXTRA}) >"$log" 2>&1; then
    cat "$log" >&2
    die "cmake could not configure the preset $preset (all of its output is above)"
  fi
  cmake --build "$root/.build/$preset" --parallel "$(build_jobs)" ${*:+--target "$@"}
}

# The first free TCP and UDP port of 127.0.0.1 from $1 on: the documented one when nobody has it.
free_port() {
  local port=$1 hex
  while :; do
    hex=$(printf '%04X' "$port")
    if ! grep -qhiE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:[0-9A-F]+ (0A|07)" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null; then
      echo "$port"
      return
    fi
    port=$((port + 100))  # the documented ports differ below the hundreds: no two searches meet
  done
}

# wait_for SECONDS COMMAND... : true as soon as the command succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# The tests' part of the build needs Boost.Test, which somebody who only runs the programs need not have.
tests_if_possible() {
  if [[ -e /usr/include/boost/test/unit_test.hpp ]]; then echo -DSKERRY_TESTS=ON; else echo -DSKERRY_TESTS=OFF; fi
}
