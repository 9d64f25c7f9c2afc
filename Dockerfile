# The base images are arguments, so that an owner can pin digests or use a mirror.
ARG BUILD_IMAGE=rust:1.95-slim-bookworm
ARG BASE_IMAGE=scratch

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock askama.toml ./
COPY src src
COPY templates templates
COPY assets assets
# Linked statically, so that the final image needs nothing else. The target is named so that this
# holds for the program and not for the compiler's own plugins.
ENV RUSTFLAGS="-C target-feature=+crt-static"
# Writes into the program which versions it was made of, so that scanners find known holes in the image
# (`cargo audit bin`, Trivy, Grype).
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    RUSTFLAGS= cargo install --locked --quiet --version 0.7.5 cargo-auditable
# The caches outlive the build, so that a change of finews compiles finews alone. Cargo goes by
# file times: without the touch, sources older than the cached build would pass for built.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,id=finews-target,target=/src/target,sharing=locked \
    touch src/main.rs src/lib.rs && \
    host=$(rustc -vV | sed -n 's/^host: //p') && \
    cargo auditable build --release --locked --target "$host" && \
    cp "target/$host/release/finews" /finews && mkdir /cache

# Nothing but the program: no shell, no package, no library. An owner who wants more, or another digest, says so.
FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="finews" \
      org.opencontainers.image.description="A server of news archives" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /finews /usr/local/bin/finews
# The sample archive, so that a bare `docker run` shows a living site. `-v ./site:/site:ro` covers it.
COPY _config.yml /site/_config.yml
COPY posts /site/posts
# The prepared archive is kept here, so that the next start is quick. A new volume takes over its owner.
COPY --from=build --chown=65532:65532 /cache /cache
VOLUME /cache
ENV FINEWS_LISTEN=0.0.0.0:8080 FINEWS_ADMIN_LISTEN=0.0.0.0:9464 FINEWS_CACHE_DIR=/cache
EXPOSE 8080
# Numeric, so that an orchestrator can see that it is not root.
USER 65532:65532
WORKDIR /site
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/local/bin/finews", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/finews"]
CMD ["serve", "/site"]
