# Two stages: one that can build, and one that holds nothing but Node and one file.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:22-bookworm-slim
WORKDIR /app
COPY --from=build /src/dist/operator.mjs /src/dist/operator.mjs.map /src/LICENSE ./
ENV NODE_ENV=production
# As in deploy/base: no root, and nothing is written to the file system.
USER 65532:65532
EXPOSE 9090
ENTRYPOINT ["node", "--enable-source-maps", "operator.mjs"]
