# A worker: takes predictions from Redis and runs the models under /models. Build from the repository's root:
# docker build -f deploy/worker.Dockerfile .
FROM node:20-bookworm-slim AS build
WORKDIR /app
ENV TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
COPY . .
RUN npm ci --include=dev \
 && npx turbo run build --filter=@augur/worker \
 && rm -rf node_modules \
 && npm ci --omit=dev --workspace @augur/worker \
 && rm -rf node_modules/typescript node_modules/@typescript \
 && rm -rf node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32

FROM node:20-bookworm-slim
ENV NODE_ENV=production AUGUR_WORKER_PORT=9090 AUGUR_DATA_DIR=/data AUGUR_MODELS_DIR=/models
WORKDIR /app
COPY --from=build /app/package.json /app/.env* ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages/core packages/core
COPY --from=build /app/packages/inference packages/inference
COPY --from=build /app/apps/worker apps/worker
RUN install -d -o node -g node /data /models
USER node
VOLUME /data /models
EXPOSE 9090
# Ready, not merely alive: a first start loads and warms up every model.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.AUGUR_WORKER_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--single-threaded-gc", "apps/worker/dist/main.js"]
