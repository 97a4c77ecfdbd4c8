# One image for every process; which one it runs is its command:
#   docker run … veriqueue                         the producer
#   docker run … veriqueue dist/worker/main.js     a worker (set WORKER_PORT, which the health check asks)
#   docker run … veriqueue dist/sandbox/main.js    the sandbox
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No dependency needs an install script, so none is run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY shared ./shared
COPY producer ./producer
COPY cli ./cli
COPY client ./client
COPY worker ./worker
COPY sandbox ./sandbox
COPY console ./console
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
WORKDIR /app
# In a container, loopback is reached by nobody.
ENV NODE_ENV=production HOST=0.0.0.0
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Nothing is ever written: the root file system may be read-only.
USER node
EXPOSE 3000
# Asks the process that runs here: a worker by WORKER_PORT, a producer by OPERATIONS_PORT or else PORT.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const { WORKER_PORT, OPERATIONS_PORT, PORT } = process.env; fetch(`http://127.0.0.1:${WORKER_PORT || OPERATIONS_PORT || PORT || 3000}/livez`, { signal: AbortSignal.timeout(2000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form: SIGTERM reaches the process itself, which drains. `docker run --init` covers its first moments too.
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/producer/main.js"]
