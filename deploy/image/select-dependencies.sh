#!/bin/sh
# select-dependencies.sh WITH_TRACING WITH_QUEUES: removes what the image is to do without, here and in package.json.
set -eu
leave_out() { npm uninstall --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund "$@"; }
case $1 in
  yes) ;;
  no) leave_out @opentelemetry/api @opentelemetry/sdk-node bullmq-otel ;;
  *) echo "WITH_TRACING must be yes or no, received $1" >&2; exit 1 ;;
esac
case $2 in
  yes) ;;
  no) leave_out @bull-board/api @bull-board/fastify ;;
  *) echo "WITH_QUEUES must be yes or no, received $2" >&2; exit 1 ;;
esac
