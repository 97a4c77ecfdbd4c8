#!/usr/bin/env bash
# Tries everything that docs/going-live.md says about containers, on an engine of its own: build, sandbox, the real thing,
# both after another, crashes of worker and sandbox, drain and restart. Ends with 1 when anything is not as documented, and
# with a line SKIPPED where no engine can be started (REQUIRE_CONTAINERS=yes makes that a failure).
#
#   deploy/try-containers.sh [KEEP_FOLDER]    KEEP_FOLDER keeps the engine's data, so that the next trial is quicker
#
# Needs Linux, root, dockerd, docker and a compose (docker compose, or docker-compose 1.29). Base images that no registry
# gives are made from Debian by debootstrap, with the Node.js of this machine. With DOCKER_HOST set, that engine is used;
# the projects veriqueue-trial and veriqueue-trial-sandbox are removed from it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")
image=veriqueue:$version
real=veriqueue-trial
sandbox=veriqueue-trial-sandbox
daemon=

skip() { echo "SKIPPED: containers ($1)"; [[ ${REQUIRE_CONTAINERS:-} != yes ]]; exit; }
say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
fail() { echo "FAILED: $1" >&2; exit 1; }
ok() { echo "ok: $1"; }

finish() {
  local status=$?
  set +e
  if [[ -n ${work:-} ]]; then
    docker rm -f veriqueue-trial-receiver veriqueue-trial-upstream > /dev/null 2>&1
    for project in "$real" "$sandbox"; do compose "$project" down -v --remove-orphans > /dev/null 2>&1; done
    rm -rf "$work"
  fi
  if [[ -n $daemon ]]; then kill "$daemon"; wait "$daemon"; fi
  if [[ $folder == /tmp/tmp.* ]]; then rm -rf "$folder"; fi
  exit "$status"
}
trap finish EXIT

start_engine() {
  if ! command -v docker > /dev/null; then skip 'there is no docker command'; fi
  if [[ -n ${DOCKER_HOST:-} ]]; then
    docker info > /dev/null 2>&1 || skip "no engine answers at $DOCKER_HOST"
    return
  fi
  if [[ $(id -u) != 0 ]] || ! command -v dockerd > /dev/null; then skip 'an engine of its own needs root and dockerd'; fi
  export DOCKER_HOST=unix://$folder/engine.sock
  dockerd -H "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/engine.pid" \
    > "$folder/engine.log" 2>&1 &
  daemon=$!
  for _ in $(seq 60); do
    if docker info > /dev/null 2>&1; then return; fi
    if ! kill -0 "$daemon" 2> /dev/null; then break; fi
    sleep 1
  done
  skip "dockerd cannot be started: $(grep -o 'level=\(error\|fatal\).*' "$folder/engine.log" | tail -1)"
}

find_compose() {
  if docker compose version > /dev/null 2>&1; then
    compose_command=(docker compose)
  elif command -v docker-compose > /dev/null; then
    compose_command=(docker-compose)
  else
    skip 'there is neither docker compose nor docker-compose'
  fi
}

# compose PROJECT ARGUMENT…
compose() {
  local file=docker-compose.yml project=$1
  shift
  if [[ $project == "$sandbox" ]]; then file=docker-compose.sandbox.yml; fi
  (cd "$work" && "${compose_command[@]}" -p "$project" -f "$file" "$@")
}

# Provides a base image: the local one, else the registry's, else one made here. base NAME MAKE
base() {
  if docker image inspect "$1" > /dev/null 2>&1 || timeout 120 docker pull -q "$1" > /dev/null 2>&1; then return; fi
  command -v debootstrap > /dev/null || skip "no registry gives $1, and there is no debootstrap to make a stand-in"
  if ! docker image inspect veriqueue-trial/debian > /dev/null 2>&1; then
    [[ -x $folder/debian/bin/bash ]] ||
      debootstrap --variant=minbase --include=ca-certificates bookworm "$folder/debian" > "$folder/debootstrap.log" ||
      skip "debootstrap cannot make $1"
    tar -C "$folder/debian" --exclude='./dev/*' -c . | docker import - veriqueue-trial/debian > /dev/null
  fi
  echo "making a stand-in for $1"
  local context
  context=$(mktemp -d)
  cp /etc/ssl/certs/ca-certificates.crt "$context/"
  "$2" "$context"
  DOCKER_BUILDKIT=0 docker build -q --network host -t "$1" "$context" > /dev/null
  rm -rf "$context"
}

make_node() {
  local modules
  modules=$(npm root -g)
  cp "$(command -v node)" "$1/node"
  cp -rL "$modules/npm" "$1/npm"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\nregistry=%s\n' "$(npm config get registry)" > "$1/npmrc"
  cat > "$1/Dockerfile" << 'END'
FROM veriqueue-trial/debian
RUN groupadd -g 1000 node && useradd -m -u 1000 -g 1000 node
COPY ca-certificates.crt /etc/ssl/certs/
COPY node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
COPY npmrc /usr/local/etc/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
END
}

make_redis() {
  cat > "$1/Dockerfile" << 'END'
FROM veriqueue-trial/debian
COPY ca-certificates.crt /etc/ssl/certs/
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-server && mkdir -p /data && chown redis:redis /data
WORKDIR /data
VOLUME /data
END
}

# The files as a checkout has them; docker-compose 1.29 does not know a file's `name`.
copy_checkout() {
  work=$(mktemp -d)
  (cd "$root" && git ls-files -z --cached --others --exclude-standard | tar -c --null -T -) | tar -x -C "$work"
  if [[ ${compose_command[0]} == docker-compose ]]; then
    sed -i '/^name:/d' "$work"/docker-compose.yml "$work"/docker-compose.sandbox.yml
  fi
}

containers() { docker ps -aq --filter "label=com.docker.compose.project=$1" ${2:+--filter "label=com.docker.compose.service=$2"}; }

wait_healthy() {
  for _ in $(seq 120); do
    if ! docker inspect -f '{{.State.Health.Status}}' $(containers "$1") | grep -qv '^healthy$'; then return; fi
    sleep 1
  done
  docker ps -a --format '{{.Names}} {{.Status}}'
  fail "the containers of $1 are not healthy"
}

# As the kernel ends a process: the engine starts it again, which it would not do after `docker kill`.
crash() { kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$(containers "$1" "$2" | head -1)")"; }

# Makes a client of a project, and a receiver of its events next door.
start_receiver() {
  local made
  made=$(compose "$1" exec -T producer veriqueue client create --name trial --callback-url http://receiver:4000/)
  api_key=$(grep -o 'vq_[0-9a-f]*' <<< "$made")
  VERIQUEUE_WEBHOOK_SECRET=$(grep -o 'whsec_.*' <<< "$made")
  export VERIQUEUE_WEBHOOK_SECRET
  docker run -d --init --name veriqueue-trial-receiver --network "$1_default" --network-alias receiver \
    -e VERIQUEUE_WEBHOOK_SECRET --entrypoint veriqueue "$image" listen --host 0.0.0.0 > /dev/null
  submitted=0
}

submit() {
  for _ in $(seq "$1"); do
    submitted=$((submitted + 1))
    curl -sS -f -o /dev/null --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:3000/v1/verifications \
      -H "Authorization: Bearer $api_key" -H "Idempotency-Key: trial-$submitted-$$" -F idCard=990001199001010013 \
      -F name=测试甲子 -F "image=@$root/samples/robot-240x320.jpg" -F "reference=trial-$submitted" || fail 'a submission'
  done
}

arrived() { docker logs veriqueue-trial-receiver 2>&1 | grep -o 'match.*reference trial-[0-9]*' | grep -o 'trial-.*' | sort -u | wc -l; }

wait_arrived() {
  # A minute of it may be the limit per person, which the sandbox's own file does not lift; and machines may be busy.
  for _ in $(seq 600); do
    if [[ $(arrived) == "$submitted" ]]; then ok "$submitted of $submitted events arrived"; return; fi
    sleep 1
  done
  docker logs veriqueue-trial-receiver 2>&1 | tail -5
  fail "$(arrived) of $submitted events arrived"
}

start_engine
find_compose
copy_checkout

say 'Base images'
# By tag: what stands in for an image that cannot be had has a digest of its own.
base node:24-bookworm-slim make_node
base redis:7-bookworm make_redis

say 'First build, and a new .env'
DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --network host --build-arg NODE_IMAGE=node:24-bookworm-slim \
  -t "$image" "$work" > "$folder/build.log" 2>&1 ||
  { tail -20 "$folder/build.log"; fail 'the image cannot be built'; }
docker image inspect -f '{{.Size}} bytes, user {{.Config.User}}' "$image"
"$work/deploy/new-env.sh" "$image"
[[ $(stat -c %a "$work/.env") == 600 ]] || fail '.env can be read by others'
# The trial asks about one person more often than 30 times a day, and its receiver is next door.
echo 'REDIS_IMAGE=redis:7-bookworm
PERSON_PER_DAY=0
PERSON_PER_MINUTE=0
ALLOW_INSECURE_CALLBACKS=true' >> "$work/.env"

say 'The sandbox: from nothing to an event'
compose "$sandbox" up -d > /dev/null 2>&1
wait_healthy "$sandbox"
start_receiver "$sandbox"
submit 3
wait_arrived
curl -sS -f http://127.0.0.1:3002/readyz > /dev/null && ok 'the runbook reaches port 3002'

say 'The sandbox crashes with work waiting'
old=$(docker inspect -f '{{.State.StartedAt}}' "$(containers "$sandbox" sandbox)")
crash "$sandbox" sandbox
submit 5
wait_arrived
[[ $(docker inspect -f '{{.State.StartedAt}}' "$(containers "$sandbox" sandbox)") != "$old" ]] && ok 'it was started again'

say 'The worker crashes with work waiting'
submit 5
crash "$sandbox" worker
submit 5
wait_arrived

say 'The real thing beside the sandbox fails loudly'
if compose "$real" up -d > "$folder/both.log" 2>&1; then fail 'both are up'; fi
grep -o 'port is already allocated' "$folder/both.log" | head -1
compose "$real" down -v > /dev/null 2>&1

say 'The real thing after the sandbox, without an account'
docker rm -f veriqueue-trial-receiver > /dev/null
compose "$sandbox" down > /dev/null 2>&1
compose "$real" up -d > /dev/null 2>&1
worker=$(containers "$real" worker | head -1)
for _ in $(seq 60); do
  if docker logs "$worker" 2>&1 | grep -q 'TENCENTCLOUD_SECRET_ID: must be set'; then break; fi
  sleep 1
done
docker logs "$worker" 2>&1 | grep -m 2 'TENCENTCLOUD_' || fail 'the worker does not say what it lacks'
start_receiver "$real"
submit 3
[[ $(arrived) == 0 ]] && ok 'nothing of the sandbox answers real submissions'

say 'The real thing with an upstream'
docker run -d --init --name veriqueue-trial-upstream --network "${real}_default" --network-alias upstream "$image" \
  dist/sandbox/main.js > /dev/null
echo 'TENCENTCLOUD_SECRET_ID=sandbox-secret-id
TENCENTCLOUD_SECRET_KEY=sandbox-secret-key
FACEID_ENDPOINT=http://upstream:3001
ALLOW_SANDBOX=true
LIVEMODE=false' >> "$work/.env"
compose "$real" up -d > /dev/null 2>&1
wait_healthy "$real"
wait_arrived

say 'A worker crashes, the workers restart, everything stops and starts'
submit 10
crash "$real" worker
submit 5
compose "$real" restart worker > /dev/null 2>&1
submit 5
started=$SECONDS
compose "$real" stop > /dev/null 2>&1
echo "stopped in $((SECONDS - started)) s"
docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}} {{.State.ExitCode}}' $(containers "$real") | sort | uniq -c
if docker inspect -f '{{.State.ExitCode}}' $(containers "$real") | grep -qv '^0$'; then fail 'a process was killed'; fi
compose "$real" up -d > /dev/null 2>&1
wait_healthy "$real"
wait_arrived

say 'SIGTERM in the first moments, without an init'
for delay in 0.1 0.2 0.4 0.6 0.8 1 1.2; do
  started=$(date +%s%N)
  id=$(docker run -d -e REDIS_URL=redis://127.0.0.1:1 --env-file "$work/.env" "$image" dist/worker/main.js)
  sleep "$delay"
  docker stop -t 30 "$id" > /dev/null
  code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
  docker rm "$id" > /dev/null
  echo "after $delay s: exit code $code, $((($(date +%s%N) - started) / 1000000)) ms in all"
  if [[ $code == 137 ]]; then fail 'SIGTERM was dropped'; fi
done

say 'Done'
