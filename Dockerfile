# rescind and nothing else: `docker build -t rescind .`, then
# `docker run --rm -i rescind decide - --at 2025-11-05T10:00:00+08:00 < examples/allowed.json`.
# A book of one's own: `-v "$PWD:/book:ro" -w /book`. docs/releasing.md says what was tried of this file.
FROM python:3.13-slim AS build
RUN apt-get update \
    && apt-get install --no-install-recommends -y gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN bash scripts/build_image.sh /srv/rescind python3

# The same base, so that the interpreter that /srv/rescind names is there; no compiler and no source.
FROM python:3.13-slim
COPY --from=build /srv/rescind /srv/rescind
RUN useradd --system --no-create-home --shell /usr/sbin/nologin rescind
USER rescind
ENTRYPOINT ["/srv/rescind/bin/rescind"]
CMD ["--help"]
