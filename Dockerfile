# One image for every process; which one it runs is its command:
#   docker run … veriqueue                         the producer
#   docker run … veriqueue dist/worker/main.js     a worker (set WORKER_PORT, which the health check asks)
#   docker run … veriqueue dist/sandbox/main.js    the sandbox
#   docker run --entrypoint veriqueue … veriqueue  the command line
#
# A tag moves, a digest does not. Another base image:  --build-arg NODE_IMAGE=…  (docker buildx imagetools inspect
# node:24-bookworm-slim prints the digest of the newest).
ARG NODE_IMAGE=node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No dependency needs an install script, so none is run. The client has no dependency, so it needs no installing.
RUN npm ci --workspaces=false --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY build ./build
COPY shared ./shared
COPY producer ./producer
COPY cli ./cli
COPY client ./client
COPY worker ./worker
COPY sandbox ./sandbox
COPY console ./console
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
# `no` leaves out what only OTEL_* settings use, and the page /queues of the console.
ARG WITH_TRACING=yes
ARG WITH_QUEUES=yes
WORKDIR /app
COPY package.json package-lock.json ./
COPY deploy/image/select-dependencies.sh ./
RUN npm ci --workspaces=false --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
RUN sh select-dependencies.sh "$WITH_TRACING" "$WITH_QUEUES"
# What is in the image, with versions and licenses, for your scanner.
RUN npm sbom --package-lock-only --omit=dev --omit=optional --sbom-format=cyclonedx > sbom.cdx.json

FROM ${NODE_IMAGE}
WORKDIR /app
# In a container, nothing else can reach loopback.
ENV NODE_ENV=production HOST=0.0.0.0
RUN ln -s /app/bin/veriqueue.js /usr/local/bin/veriqueue
COPY LICENSE package.json deploy/image/healthcheck.sh ./
COPY bin ./bin
COPY --from=dependencies /app/sbom.cdx.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The user `node` of the base image, by number, so that an orchestrator can see that it is not root. Nothing is ever
# written: the root file system may be read-only.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["bash", "healthcheck.sh"]
# Exec form: SIGTERM reaches the process itself, which drains.
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/producer/main.js"]
