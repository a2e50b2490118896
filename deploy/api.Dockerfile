# The API: HTTP in, Redis out. Build from the repository's root: docker build -f deploy/api.Dockerfile .
FROM node:20-bookworm-slim AS build
WORKDIR /app
ENV TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
COPY . .
RUN npm ci --include=dev \
 && npx turbo run build --filter=@augur/api \
 && rm -rf node_modules \
 && npm ci --omit=dev --workspace @augur/api \
 && rm -rf node_modules/typescript node_modules/@typescript

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 AUGUR_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json /app/.env* ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages/core packages/core
COPY --from=build /app/apps/playground apps/playground
COPY --from=build /app/apps/api apps/api
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--single-threaded-gc", "apps/api/dist/main.js"]
