# syntax=docker/dockerfile:1
# One image for all roles. Small, not root, fit for a read-only root file system: what changes lies in the home
# (/var/lib/dateline, a volume) and in /tmp.

FROM python:3.13-slim-bookworm AS wheels
WORKDIR /src
COPY requirements.lock ./
# Every file is checked against the lock's hashes here; the next stage sees nothing else and asks no index.
RUN pip wheel --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock -w /wheels
COPY pyproject.toml README.md ./
COPY alerts alerts
COPY dateline dateline
COPY ingest ingest
COPY seeds seeds
COPY store store
COPY web web
COPY workers workers
RUN python -m venv /opt/dateline \
 && /opt/dateline/bin/pip install --no-cache-dir --disable-pip-version-check --no-index --find-links /wheels /src

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="dateline" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 dateline \
 && useradd --system --uid 10001 --gid dateline --home-dir /var/lib/dateline --shell /usr/sbin/nologin dateline \
 && install -d -o dateline -g dateline -m 0750 /var/lib/dateline
COPY --from=wheels /opt/dateline /opt/dateline
ENV PATH=/opt/dateline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATELINE_HOME=/var/lib/dateline \
    DATELINE_BEAT_DIR=/tmp
USER dateline
WORKDIR /tmp
VOLUME /var/lib/dateline
EXPOSE 8321
STOPSIGNAL SIGTERM
# Every role touches a file of its name after each step; a step may take minutes (a round over many feeds).
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
  CMD ["sh", "-c", "test -n \"$(find /tmp -maxdepth 1 -name '*-*' -mmin -10 -print -quit)\""]
ENTRYPOINT ["dateline"]
CMD ["run"]
