#!/bin/bash
# Asks the process of this container whether it answers: healthcheck.sh [PATH]. A worker is found by WORKER_PORT, a producer
# by OPERATIONS_PORT or else PORT, the sandbox by SANDBOX_PORT. In bash, because starting Node.js for every question costs
# 0.3 s of CPU.
path=${1:-/livez}
port=${WORKER_PORT:-${OPERATIONS_PORT:-${PORT:-${SANDBOX_PORT:-3000}}}}
exec 3<> "/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
read -r -t 3 _ status _ <&3
[[ $status == 200 ]]
