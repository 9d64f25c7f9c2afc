# The base images are arguments, so that operators can pin digests or use a mirror.
ARG BUILD_IMAGE=rust:1.95-slim-bookworm
ARG BASE_IMAGE=scratch

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock askama.toml ./
COPY src src
COPY templates templates
COPY assets assets
# Static linking, so that the final image needs no libraries. The explicit target limits the flag to the
# program, without build scripts and compiler plugins.
ENV RUSTFLAGS="-C target-feature=+crt-static"
# cargo-auditable embeds the dependency versions in the program, so that scanners (`cargo audit bin`, Trivy,
# Grype) find known vulnerabilities in the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    RUSTFLAGS= cargo install --locked --quiet --version 0.7.5 cargo-auditable
# The caches persist between builds, so that a change in finews compiles only finews. Cargo compares file
# times: without the touch, it would take sources older than the cached build for up to date.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,id=finews-target,target=/src/target,sharing=locked \
    touch src/main.rs src/lib.rs && \
    host=$(rustc -vV | sed -n 's/^host: //p') && \
    cargo auditable build --profile dist --locked --target "$host" && \
    cp "target/$host/dist/finews" /finews && mkdir /cache

# The image holds only the program: no shell, packages or libraries. BASE_IMAGE selects another base.
FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="finews" \
      org.opencontainers.image.description="A server for news archives" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /finews /usr/local/bin/finews
# The sample archive, so that a plain `docker run` shows a working site. `-v ./site:/site:ro` replaces it.
COPY _config.yml /site/_config.yml
COPY posts /site/posts
# The prepared archive is stored here, for a fast next start. A new volume inherits the owner of this folder.
COPY --from=build --chown=65532:65532 /cache /cache
VOLUME /cache
ENV FINEWS_LISTEN=0.0.0.0:8080 FINEWS_ADMIN_LISTEN=0.0.0.0:9464 FINEWS_CACHE_DIR=/cache
EXPOSE 8080
# Numeric, so that orchestrators can verify that it is not root.
USER 65532:65532
WORKDIR /site
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/local/bin/finews", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/finews"]
CMD ["serve", "/site"]
