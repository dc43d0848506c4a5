# Sourced by bin/nelumbo and bin/run-node with $root set: sets $node to a Node of version 24 or newer and $node_flags to what
# it is started with, and turns on Node's compile cache, which keeps the stripped and compiled sources between two starts.

# Each thread has a heap of its own, and what is young in it may grow to 128 MiB before it shrinks again: 32 MiB do as well.
node_flags='--disable-warning=ExperimentalWarning --max-semi-space-size=16'

node=${NELUMBO_NODE:-}
# The pinned one comes first: it is known to be new enough, and asking another one for its version costs a start.
if [ -z "$node" ]; then
  for found in "$root"/node_modules/node-*/bin/node; do
    [ -x "$found" ] && node=$found
  done
fi
if [ -z "$node" ] && command -v node >/dev/null 2>&1; then
  version=$(node --version 2>/dev/null)
  version=${version#v}
  [ "${version%%.*}" -ge 24 ] 2>/dev/null && node=node
fi
if [ -z "$node" ] || [ ! -d "$root/node_modules/commander" ]; then
  echo "nelumbo: the set-up has not been run; type: npm --prefix '$(cd "$root" && pwd -P)' run setup" >&2
  exit 1
fi

if [ -z "${NODE_COMPILE_CACHE:-}" ] && [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ]; then
  export NODE_COMPILE_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/nelumbo/compile-cache"
fi
