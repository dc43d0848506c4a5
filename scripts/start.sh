#!/bin/sh
# What `npm start` runs: a devnet; with a flag that names a network or a chain, the node of that network.
nelumbo="$(dirname "$0")/../bin/nelumbo"
for flag in "$@"; do
  case $flag in
    --network* | -network* | --import-* | -import-* | --repo* | -repo*) exec "$nelumbo" daemon "$@" ;;
  esac
done
exec "$nelumbo" devnet "$@"
