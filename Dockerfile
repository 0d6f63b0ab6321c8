# The host's side of edgebench: searches, profiles, gates. How to run it: docs/docker.md.
FROM python:3.11-slim AS build
COPY . /source
RUN python -m venv /opt/edgebench \
    && /opt/edgebench/bin/python -m pip install --no-cache-dir --constraint /source/constraints.txt /source

FROM python:3.11-slim
# Debian drops superseded versions from its mirrors, so that pinned ones stop the build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends adb openssh-client \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/edgebench /opt/edgebench
ENV PATH=/opt/edgebench/bin:$PATH
# The number of whoever runs it, so that ssh takes the keys and what is written belongs to them.
ARG UID=1000
RUN useradd --create-home --no-log-init --uid "$UID" edgebench \
    && install --directory --owner edgebench /project
USER $UID
WORKDIR /project
VOLUME /project
# A search that is interrupted ends in order.
STOPSIGNAL SIGINT
ENTRYPOINT ["edgebench"]
CMD ["--help"]
