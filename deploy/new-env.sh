#!/bin/sh
# Makes .env for `docker compose` from .env.example, with a new password for Redis, new sealing keys and a new operator
# key. Only its owner can read it. The image must have been built: docker build -t veriqueue:0.1.0 .
set -eu
cd "$(dirname "$0")/.."
image=${1:-veriqueue:0.1.0}
if [ -e .env ]; then
  echo '.env exists, and its keys may be the only ones that open what waits. Move it away first' >&2
  exit 1
fi
keys=$(docker run --rm --network none --entrypoint veriqueue "$image" keys generate)
[ "$(printf '%s\n' "$keys" | grep -vc '^#')" -eq 2 ]
worker_keys=$(printf '%s\n' "$keys" | grep -v '^#' | sed -n 1p)
producer_keys=$(printf '%s\n' "$keys" | grep -v '^#' | sed -n 2p)
random() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }
umask 077
sed -e "s|^REDIS_PASSWORD=\$|REDIS_PASSWORD=$(random)|" \
  -e "s|^VERIQUEUE_KEYS=\$|VERIQUEUE_KEYS=$worker_keys|" \
  -e "s|^VERIQUEUE_PRODUCER_KEYS=\$|VERIQUEUE_PRODUCER_KEYS=$producer_keys|" \
  -e "s|^# OPERATOR_KEY=\$|OPERATOR_KEY=$(random)|" .env.example > .env
echo 'Made .env (0600). Keep a copy of its VERIQUEUE_KEYS elsewhere: without them nothing that waits can be opened.'
